// @ts-check
// The dialog that asks who is there: the same on the wall, the console and the maintainer's page.

import { el, setText } from "./dom.js";
import { t } from "./text.js";

/**
 * Puts it on the page, without words yet.
 * @returns {{dialog: HTMLDialogElement, form: HTMLFormElement, message: HTMLElement, out: HTMLButtonElement,
 *   cancel: HTMLButtonElement, draw: () => void}} draw: writes its words, in the language chosen now
 */
export function loginDialog() {
  const [dialog, form, title, message, buttons] = [el("dialog"), el("form"), el("h2"), el("p", "login-message"), el("p", "login-buttons")];
  const [out, cancel, submit] = [el("button", "login-out"), el("button", "login-cancel"), el("button", "login-submit")];
  const [user, password] = [el("span"), el("span")];
  dialog.id = "login";
  title.id = "login-title";
  dialog.setAttribute("aria-labelledby", title.id);
  form.method = "dialog";
  message.setAttribute("role", "status");
  [out.type, cancel.type, submit.type] = ["button", "button", "submit"];
  buttons.append(out, cancel, submit);
  form.append(title, field(user, "user", "text", "username"), field(password, "password", "password", "current-password"), message, buttons);
  dialog.append(form);
  document.body.append(dialog);
  const draw = () => {
    setText(title, t("login.title"));
    setText(user, t("login.user"));
    setText(password, t("login.password"));
    setText(out, t("login.out"));
    setText(cancel, t("login.cancel"));
    setText(submit, t("login.submit"));
  };
  return { dialog, form, message, out, cancel, draw };
}

/** @param {HTMLElement} words @param {string} name @param {string} type @param {AutoFill} autocomplete */
function field(words, name, type, autocomplete) {
  const label = el("label");
  label.append(words, Object.assign(el("input"), { name, type, autocomplete, required: true }));
  return label;
}
