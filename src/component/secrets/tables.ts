export const secretsTables = {};
