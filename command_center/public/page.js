// The public page's script, for phones of 2013 too: ES5, no module.  Everything that is said is said without it; it turns
// the page to DATA LAMA when its time is over, wherever the page came from, fetches it anew while it is open, finds a
// village, and copies the text.
(function () {
  "use strict";
  var root = document.documentElement;
  var validUntil_ms = Number(root.getAttribute("data-valid-until-ms"));
  var made_ms = Number(root.getAttribute("data-made-ms"));
  var CLOCK_FAULT_MS = 600000;
  var RENEW_MS = 60000; // and up to as much again by half: phones opened by one message do not all ask at once
  var ANSWER_MS = 20000;
  var canRenew = /^http/.test(location.protocol) && typeof DOMParser === "function"; // a saved copy has nobody to ask
  var nextRenewal_ms = 0;

  function byId(id) { return document.getElementById(id); }
  function visibleLanguage() { return byId("l-en").checked ? "en" : "id"; }

  function look() {
    var now_ms = Date.now();
    var isOld = now_ms >= validUntil_ms;
    if (isOld && root.className.indexOf("is-old") < 0) {
      root.className += " is-old";
      document.title = root.getAttribute("data-old") + ": " + document.title;
    }
    if (now_ms < made_ms - CLOCK_FAULT_MS) byId("clock").className = "clock is-wrong";
    if (canRenew && !document.hidden && navigator.onLine !== false && now_ms >= nextRenewal_ms && !isInUse()) renew(now_ms);
  }

  function later(now_ms) { nextRenewal_ms = now_ms + RENEW_MS * (1 + Math.random() / 2); }

  // What somebody is marking, or stands on with the keyboard, is not replaced under their fingers.
  function isInUse() {
    var at = document.activeElement;
    var isAtSomething = at && at !== document.body && at !== root && at.id !== "find";
    return isAtSomething || String(window.getSelection ? window.getSelection() : "") !== "";
  }

  // Without a network nothing happens: the page stays, and turns old on time.
  function renew(now_ms) {
    later(now_ms);
    var request = new XMLHttpRequest();
    request.open("GET", location.href.split("#")[0]);
    request.timeout = ANSWER_MS;
    request.onload = function () { if (request.status === 200) take(request.responseText); };
    request.send();
  }

  // Only a newer page of ours is taken: not what a hotspot's login answers, not an older copy that a proxy kept.
  function take(text) {
    var other = new DOMParser().parseFromString(text, "text/html");
    var fresh = other && other.documentElement;
    if (!fresh || !(Number(fresh.getAttribute("data-made-ms")) > made_ms)) return;
    var names = ["header", "main", "footer"];
    function partOf(where, name) { return where.getElementsByTagName(name)[0]; }
    if (!names.every(function (name) { return partOf(document, name) && partOf(other, name); })) return;
    var typed = byId("find") ? byId("find").value : "";
    var isTyping = document.activeElement === byId("find");
    names.forEach(function (name) {
      var here = partOf(document, name);
      var there = partOf(other, name);
      if (here.innerHTML !== there.innerHTML) here.innerHTML = there.innerHTML;
    });
    made_ms = Number(fresh.getAttribute("data-made-ms"));
    validUntil_ms = Number(fresh.getAttribute("data-valid-until-ms"));
    root.setAttribute("data-made-ms", String(made_ms));
    root.setAttribute("data-valid-until-ms", String(validUntil_ms));
    root.className = "scripted" + (fresh.className ? " " + fresh.className : "");
    document.title = other.title;
    attach();
    if (byId("find")) {
      byId("find").value = typed;
      if (isTyping) byId("find").focus();
      find();
    }
    look();
  }

  function remember() {
    root.lang = visibleLanguage();
    try { localStorage.setItem("siaga-language", root.lang); } catch (refused) { return; } // private mode: not kept
  }

  function recall() {
    var kept = null;
    try { kept = localStorage.getItem("siaga-language"); } catch (refused) { kept = null; }
    if (kept === "en") byId("l-en").checked = true;
    root.lang = visibleLanguage();
  }

  function find() {
    var wanted = byId("find").value.toLowerCase();
    var rows = byId("areas").getElementsByTagName("li");
    var found = 0;
    for (var k = 0; k < rows.length; k += 1) {
      var fits = rows[k].getElementsByTagName("u")[0].textContent.toLowerCase().indexOf(wanted) >= 0;
      rows[k].style.display = fits ? "" : "none";
      found += fits ? 1 : 0;
    }
    byId("none").style.display = found ? "none" : "block";
  }

  function copy() {
    var block = byId("text-" + visibleLanguage());
    var area = document.createElement("textarea");
    area.value = (root.className.indexOf("is-old") < 0 ? "" : root.getAttribute("data-old") + "\n") + block.textContent;
    area.setAttribute("readonly", "");
    area.style.position = "absolute";
    area.style.left = "-99rem";
    document.body.appendChild(area);
    area.select();
    area.setSelectionRange(0, area.value.length);
    var done = document.execCommand("copy");
    document.body.removeChild(area);
    byId("copied").style.display = done ? "block" : "none";
    byId("not-copied").style.display = done ? "none" : "block";
  }

  function attach() {
    if (byId("find")) byId("find").oninput = find;
    if (byId("copy")) byId("copy").onclick = copy;
  }

  root.className += " scripted";
  recall();
  byId("l-id").onchange = remember;
  byId("l-en").onchange = remember;
  attach();
  later(Date.now());
  look();
  setInterval(look, 1000);
  window.onpageshow = look;
  document.addEventListener("visibilitychange", look);
})();
