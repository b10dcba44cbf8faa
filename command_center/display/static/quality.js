// @ts-check
// QARTOD's flags, as the server sends them.

export const SUSPECT = 3;
export const FAIL = 4;
export const MISSING = 9;
