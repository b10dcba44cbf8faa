// @ts-check
// Why a notice was not sent, in the language of the page.

import { t } from "../text.js";

/** Nobody is told where a contact is an example without an address; other reasons are those of the way out.  @param {string} reason */
export function reasonWord(reason) {
  const name = /^illustrative contact; (.*): is not set$/.exec(reason)?.[1];
  return name === undefined ? reason : t("notice.notSet", { name });
}
