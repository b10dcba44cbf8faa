// @ts-check
// Standing actions: what is to be done, who has it, since when.

import { el, setChildren } from "../dom.js";
import { pick, t } from "../text.js";

/** @type {import("./page.js").Page} */
export const ACTIONS = {
  id: "actions",
  title: () => t("console.actions"),
  badge: ({ store }) => {
    const n = store.duties.actions.filter((action) => action.state === "waiting").length;
    return n > 0 ? String(n) : "";
  },
  mount(root, context) {
    const list = el("ol");
    root.append(list);
    return {
      update() {
        setChildren(list, context.store.duties.actions.map((action) => el("li", "", pick(action.what))));
      },
      unmount() {},
    };
  },
};
