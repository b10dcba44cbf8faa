// @ts-check
// Names on the map: each is put where it covers nothing, or left out.  The worst stations choose first.

/** @typedef {{left: number, top: number, right: number, bottom: number}} Box */
/**
 * @typedef {object} Label
 * @property {number} x the point it names @property {number} y
 * @property {number} reach half the size of the symbol at that point; 0 = none, the label itself lies on the point
 * @property {number} width @property {number} height
 * @property {boolean} must shown even where it covers the symbol of one that need not be
 * @property {boolean} [always] shown far from its point rather than not at all
 */

/** At the map's edge a name stands so many half lines above or below its point, the nearest first. */
const EDGE_LINES = Array.from({ length: 25 }, (_, k) => (k % 2 ? 1 : -1) * Math.ceil(k / 2));

/** @param {Box} a @param {Box} b */
const cover = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

/** How far a point lies outside a box. @param {Box} box @param {{x: number, y: number}} point */
const gap = (box, { x, y }) => Math.hypot(Math.max(box.left - x, 0, x - box.right), Math.max(box.top - y, 0, y - box.bottom));

/**
 * Boxes where a label may stand: right of its symbol, left, above, below, at the corners; or on the point.
 * @param {Label} label
 * @returns {Box[]}
 */
function candidates({ x, y, reach, width, height }) {
  /** @param {number} left @param {number} top */
  const box = (left, top) => ({ left, top, right: left + width, bottom: top + height });
  if (reach === 0) return [box(x - width / 2, y - height / 2)];
  const right = x + reach;
  const left = x - reach - width;
  const places = [
    box(right, y - height / 2),
    box(left, y - height / 2),
    box(x - width / 2, y - reach - height),
    box(x - width / 2, y + reach),
  ];
  for (const away of [0.5, 1]) {
    const above = y - reach * away - height;
    const below = y + reach * away;
    places.push(box(right, above), box(right, below), box(left, above), box(left, below));
  }
  return places;
}

/**
 * Boxes at the map's left and right edge, the nearest to the symbol first: a line leads there.
 * @param {Label} label
 * @param {Box} frame
 * @returns {Box[]}
 */
function atEdges({ x, y, width, height }, frame) {
  const sides = [
    { left: frame.left, away: x - frame.left - width },
    { left: frame.right - width, away: frame.right - width - x },
  ];
  const found = EDGE_LINES.flatMap((lines) => {
    const top = y + (lines - 1) * (height / 2);
    return sides.map(({ left, away }) => ({ box: { left, top, right: left + width, bottom: top + height }, far: Math.hypot(away, (lines * height) / 2) }));
  });
  return found.sort((a, b) => a.far - b.far).map(({ box }) => box);
}

/** @param {{left: number, top: number}|null} place @param {number} width @param {number} height @returns {Box|null} */
export const boxAt = (place, width, height) => place && { ...place, right: place.left + width, bottom: place.top + height };

/**
 * Places labels one after the other: never over another label or over the symbol of what must be shown, and over other
 * symbols only for what must be shown itself.
 * @param {Label[]} labels in order of importance
 * @param {Box} frame the map
 * @returns {({left: number, top: number}|null)[]} a place for each, null = left out
 */
export function placeLabels(labels, frame) {
  /** @param {Label} label */
  const symbol = ({ x, y, reach }) => ({ left: x - reach, top: y - reach, right: x + reach, bottom: y + reach });
  const symbols = labels.filter((label) => label.reach > 0 && !label.must).map(symbol);
  const marks = labels.filter((label) => label.must);
  const taken = marks.map(symbol);
  /** @param {Label} label @param {Box[]} boxes @param {boolean} [far] a line leads to it @returns {Box|null} the first of those that cover least, taken */
  const take = (label, boxes, far = false) => {
    let best = null;
    let fewest = label.must ? Infinity : 1;
    for (const box of boxes) {
      if (box.left < frame.left || box.right > frame.right || box.top < frame.top || box.bottom > frame.bottom) continue;
      if (taken.some((other) => cover(box, other))) continue;
      const own = gap(box, label);
      if (!far && marks.some((other) => other !== label && gap(box, other) < own - 1)) continue; // it would be read as that one's name
      const covered = symbols.filter((other) => cover(box, other)).length;
      if (covered < fewest) [best, fewest] = [box, covered];
    }
    if (best) taken.push(best);
    return best;
  };
  /** @param {Label} label */
  const seen = ({ x, y }) => x >= frame.left && x <= frame.right && y >= frame.top && y <= frame.bottom;
  const near = labels.map((label) => (seen(label) ? take(label, candidates(label)) : null));
  return labels.map((label, k) => {
    const place = near[k] ?? (label.always && seen(label) ? take(label, atEdges(label, frame), true) : null);
    return place && { left: place.left, top: place.top };
  });
}

/**
 * Where a name of an area or a river goes: its label point if it brings one, else the middle of its largest part.
 * @param {any} feature GeoJSON
 * @returns {{name: string, lon: number, lat: number, size: number}|null} size: extent in degrees, for the order
 */
export function nameOf(feature) {
  const p = feature.properties ?? {};
  const name = p.name ?? p.nama ?? p.NAME ?? p.NAMA;
  const part = largestPart(feature.geometry);
  if (typeof name !== "string" || !name || !part) return null;
  const lons = part.map(([lon]) => lon);
  const lats = part.map(([, lat]) => lat);
  const [west, east, south, north] = [Math.min(...lons), Math.max(...lons), Math.min(...lats), Math.max(...lats)];
  const line = /LineString/.test(feature.geometry.type);
  const [lon, lat] = line ? part[Math.floor(part.length / 2)] : [(west + east) / 2, (south + north) / 2];
  const own_lon = Number(p.label_lng ?? p.label_lon ?? p.centroid_lng ?? Number.NaN);
  const own_lat = Number(p.label_lat ?? p.centroid_lat ?? Number.NaN);
  const own = Number.isFinite(own_lon) && Number.isFinite(own_lat);
  return { name, lon: own ? own_lon : lon, lat: own ? own_lat : lat, size: Math.max(east - west, north - south) };
}

/**
 * The longest line or outer ring.
 * @param {any} geometry
 * @returns {number[][]|null}
 */
function largestPart(geometry) {
  /** @type {Record<string, (c: any) => number[][][]>} */
  const parts = {
    LineString: (c) => [c],
    MultiLineString: (c) => c,
    Polygon: (c) => [c[0]],
    MultiPolygon: (c) => c.map((/** @type {number[][][]} */ polygon) => polygon[0]),
  };
  const found = parts[geometry?.type]?.(geometry.coordinates) ?? [];
  return found.sort((a, b) => b.length - a.length)[0] ?? null;
}
