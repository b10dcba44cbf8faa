// @ts-check
// The few things done to the document; texts go in as text, never as markup.

/** Every element of index.html that a module takes hold of, by id. */
export const PAGE = {
  wall: "wall",
  city: "city",
  clock: "clock",
  date: "date",
  link: "link",
  counts: "counts",
  languages: "languages",
  theme: "theme",
  sound: "sound",
  user: "user",
  bands: "bands",
  headline: "headline",
  map: "map",
  mapCanvas: "map-canvas",
  mapOverlay: "map-overlay",
  mapNote: "map-note",
  mapFoot: "map-foot",
  mapLegend: "map-legend",
  mapButtons: "map-buttons",
  mapCredit: "map-credit",
  stage: "stage",
  stageTabs: "stage-tabs",
  stageWhy: "stage-why",
  rivers: "rivers",
  sky: "sky",
  roads: "roads",
  stations: "stations",
  stationsOrigins: "stations-origins",
  stageMore: "stage-more",
  alarms: "alarms",
  alarmsCount: "alarms-count",
  alarmsMore: "alarms-more",
  dutiesPart: "duties-part",
  duties: "duties",
  dutiesCount: "duties-count",
  dutiesMore: "duties-more",
  chart: "chart",
  chartTitle: "chart-title",
  chartNote: "chart-note",
  chartRanges: "chart-ranges",
};

const SVG = "http://www.w3.org/2000/svg";

/**
 * The element with this id.
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
  const node = document.getElementById(id);
  if (!node) throw new Error(`index.html has no element with the id ${id}`);
  return node;
}

/**
 * A new element.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {string} [className]
 * @param {string} [text]
 * @returns {HTMLElementTagNameMap[K]}
 */
export function el(tag, className = "", text = "") {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text) node.textContent = text;
  return node;
}

/**
 * A new SVG element.
 * @param {string} tag
 * @param {Record<string, string|number>} attributes
 * @param {...Element} children
 * @returns {SVGElement}
 */
export function svg(tag, attributes, ...children) {
  const node = /** @type {SVGElement} */ (document.createElementNS(SVG, tag));
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
  node.append(...children);
  return node;
}

/**
 * Sets a text only where it changed, so that a still picture costs no layout.  The text node stays: another one in its
 * place would be laid out as something new.
 * @param {Node} node
 * @param {string} text
 */
export function setText(node, text) {
  const only = node.firstChild;
  if (text && only instanceof Text && only.nextSibling === null) {
    if (only.data !== text) only.data = text;
  } else if (node.textContent !== text) node.textContent = text;
}

/**
 * Sets data-NAME, or takes it away for "" and false.
 * @param {HTMLElement|SVGElement} node
 * @param {string} name
 * @param {string|boolean} value
 */
export function setData(node, name, value) {
  const want = value === true ? "true" : value || undefined;
  if (node.dataset[name] === want) return;
  if (want === undefined) delete node.dataset[name];
  else node.dataset[name] = want;
}

/**
 * Puts the children in this order, moving only those that are out of place (a moved element loses the focus).
 * @param {Element} parent
 * @param {Element[]} children
 */
export function setChildren(parent, children) {
  const wanted = new Set(children);
  for (const child of [...parent.children]) if (!wanted.has(child)) child.remove();
  children.forEach((child, place) => {
    if (parent.children[place] !== child) parent.insertBefore(child, parent.children[place] ?? null);
  });
}
