// @ts-check
// The layers of the map's ground.

import { ApiError } from "./api.js";

/** @typedef {import("./map.js").LoadedLayer} LoadedLayer */

/**
 * @param {import("./types.js").Layer} layer
 * @returns {Promise<LoadedLayer|null>}
 */
export async function fetchLayer(layer) {
  if (layer.file.endsWith(".pmtiles")) return { layer, data: null };
  try {
    const response = await fetch(layer.url);
    if (response.ok) return { layer, data: await response.json() };
    throw new ApiError(response.status, "layer", `HTTP ${response.status}`);
  } catch (error) {
    // The map lives without one of its layers; the wall says that it is missing.
    reportError(new Error(`${layer.file}: ${error instanceof Error ? error.message : error}`));
    return null;
  }
}
