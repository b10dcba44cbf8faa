// @ts-check
// The gauges that may speak for an alarm or against it: which of them lie upstream and which downstream.  Pure.

/** @typedef {import("../types.js").City} City */

/**
 * @param {City["reaches"]} reaches
 * @param {string} station
 * @param {readonly {id: string, station: string}[]} gauges
 * @returns {{id: string, where: "upstream"|"downstream"|"beside", travel_min: number|null}[]} upstream first
 */
export function placed(reaches, station, gauges) {
  const rank = { upstream: 0, beside: 1, downstream: 2 };
  return gauges
    .map(({ id, station: other }) => {
      const down = reaches.find((reach) => reach.upstream === other && reach.downstream === station);
      const up = reaches.find((reach) => reach.upstream === station && reach.downstream === other);
      const where = down ? /** @type {const} */ ("upstream") : up ? /** @type {const} */ ("downstream") : /** @type {const} */ ("beside");
      return { id, where, travel_min: (down ?? up)?.travel_min ?? null };
    })
    .sort((a, b) => rank[a.where] - rank[b.where]);
}
