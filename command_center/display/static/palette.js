// @ts-check
// The style sheets' colours, for what is drawn on a canvas.

/**
 * A colour of the style sheets as it is now: of a light and a dark one the one in force.
 * @param {string} name of a custom property
 * @returns {string} "rgb(…)"
 */
export function colour(name) {
  const probe = document.createElement("span");
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

/** The font of the style sheets. */
export const font = () => getComputedStyle(document.documentElement).getPropertyValue("--font").trim();
