// The public page's script, for phones of 2013 too: ES5, no module.  Everything that is said is said without it; it turns
// the page to DATA LAMA when its time is over, wherever the page came from, finds a village, and copies the text.
(function () {
  "use strict";
  var root = document.documentElement;
  var validUntil_ms = Number(root.getAttribute("data-valid-until-ms"));
  var made_ms = Number(root.getAttribute("data-made-ms"));
  var CLOCK_FAULT_MS = 600000;

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

  root.className += " scripted";
  recall();
  byId("l-id").onchange = remember;
  byId("l-en").onchange = remember;
  if (byId("find")) byId("find").oninput = find;
  if (byId("copy")) byId("copy").onclick = copy;
  look();
  setInterval(look, 1000);
  window.onpageshow = look;
  document.addEventListener("visibilitychange", look);
})();
