/**
 * The public surface of the component, as a table of contents: one line per function, in the order a newcomer meets
 * them. No logic here; each body is one folder and one file away.
 */
export {};
