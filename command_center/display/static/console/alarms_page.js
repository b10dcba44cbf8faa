// @ts-check
// Alarms: the list.

import { compareAlarms, isClosed } from "../alarm_order.js";
import { el, setChildren, setText } from "../dom.js";
import { pick, t } from "../text.js";

/** @type {import("./page.js").Page} */
export const ALARMS = {
  id: "alarms",
  title: () => t("console.alarms"),
  badge: ({ store }) => {
    const n = store.incidents.reduce((sum, incident) => sum + incident.unacknowledged, 0);
    return n > 0 ? String(n) : "";
  },
  mount(root, context) {
    const list = el("ol");
    list.id = "alarm-rows";
    root.append(list);
    return {
      update() {
        const open = [...context.store.alarms.values()].filter((alarm) => !isClosed(alarm)).sort(compareAlarms);
        setChildren(
          list,
          open.map((alarm) => {
            const row = el("li");
            row.dataset.alarm = alarm.id;
            setText(row, pick(alarm.text));
            return row;
          }),
        );
      },
      unmount() {},
    };
  },
};
