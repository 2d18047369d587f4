export const configTables = {};
