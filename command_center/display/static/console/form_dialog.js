// @ts-check
// A question with a few fields before something is done.  It stays open, with the server's words, until it was done.

import { ApiError } from "../api.js";
import { el } from "../dom.js";
import { t } from "../text.js";

/**
 * @typedef {object} Field
 * @property {string} name @property {string} label @property {"text"|"area"|"choice"|"check"|"password"} kind
 * @property {string} [value] @property {boolean} [required]
 * @property {[string, string][]} [choices] value and words @property {string} [hint]
 * @property {boolean} [focus] begins here; else the first
 */

let numbered = 0;

/**
 * @param {object} question
 * @param {string} question.title
 * @param {string} [question.explain]
 * @param {Field[]} question.fields
 * @param {string} question.submit
 * @param {(values: Record<string, string>) => string} [question.check] what is wrong with them; "" = nothing
 * @param {(values: Record<string, string>) => Promise<unknown>} question.send null = it was called off; ApiError = refused
 * @returns {Promise<boolean>} whether it was done
 */
export function ask({ title, explain = "", fields, submit, check = () => "", send }) {
  const dialog = el("dialog", "question");
  const form = el("form");
  const message = el("p", "question-message");
  message.setAttribute("role", "alert");
  const heading = el("h2", "", title);
  heading.id = `question-${(numbered += 1)}`;
  dialog.setAttribute("aria-labelledby", heading.id);
  form.append(heading);
  if (explain) form.append(el("p", "question-explain", explain));
  form.append(...fields.map(fieldNode), message, buttons(submit, () => dialog.close()));
  dialog.append(form);
  document.body.append(dialog);
  const back = document.activeElement;
  dialog.showModal();
  form.addEventListener("input", () => {
    message.textContent = ""; // it was about what stood there before
  });
  return new Promise((resolve) => {
    let done = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const values = Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value).trim()]));
      message.textContent = check(values) || t("question.sending");
      if (check(values)) return;
      try {
        done = (await send(values)) !== null;
        message.textContent = "";
        if (done) dialog.close();
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        message.textContent = t("console.refused", { why: error.message });
      }
    });
    dialog.addEventListener("close", () => {
      dialog.remove();
      if (back instanceof HTMLElement && back.isConnected) back.focus();
      resolve(done);
    });
  });
}

/** @param {string} submit @param {() => void} onCancel */
function buttons(submit, onCancel) {
  const line = el("p", "question-buttons");
  const cancel = el("button", "", t("login.cancel"));
  cancel.type = "button";
  cancel.addEventListener("click", onCancel);
  line.append(cancel, el("button", "main-act", submit));
  return line;
}

/** @param {Field} field */
function fieldNode(field) {
  const label = el("label", field.kind === "check" ? "question-field question-check" : "question-field");
  label.append(el("span", "", field.label));
  const input = inputOf(field);
  input.name = field.name;
  input.required = field.required ?? false;
  input.autofocus = field.focus ?? false;
  if (field.value !== undefined) input.value = field.value;
  label.append(input);
  if (field.hint) label.append(el("small", "", field.hint));
  return label;
}

/** @param {Field} field */
function inputOf(field) {
  if (field.kind === "area") {
    const area = el("textarea");
    area.rows = 3;
    area.maxLength = 4000;
    return area;
  }
  if (field.kind === "choice") {
    const select = el("select");
    select.append(...(field.choices ?? []).map(([value, words]) => new Option(words, value)));
    return select;
  }
  const input = el("input");
  if (field.kind === "check") {
    input.type = "checkbox";
    input.value = "yes";
    return input;
  }
  input.type = field.kind === "password" ? "password" : "text";
  input.autocomplete = field.kind === "password" ? "new-password" : "off";
  input.maxLength = 200;
  return input;
}
