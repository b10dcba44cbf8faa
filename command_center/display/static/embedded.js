// @ts-check
// In a frame of somebody else's page the wall only shows.  Nobody logs in or acts in it: that page could lay something over
// it.  It makes no sound and says of no alarm that it was seen: whether anybody sits before that page is not known.

/** Whether this page stands in a frame. */
export const EMBEDDED = window.self !== window.top;

/** For the style sheet, which hides what acts. */
if (EMBEDDED) document.documentElement.dataset.embedded = "true";
