// @ts-check
// Words that people take along.

/**
 * Copies the text of an element.  Where the browser keeps the clipboard to itself (a page from afar without TLS), the text
 * is marked, for the hand to copy.
 * @param {HTMLElement} node
 * @returns {Promise<boolean>} whether it was copied; else it is marked
 */
export async function copyText(node) {
  if (navigator.clipboard) {
    try {
      await navigator.clipboard.writeText(node.textContent ?? "");
      return true;
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
    }
  }
  getSelection()?.selectAllChildren(node);
  return false;
}
