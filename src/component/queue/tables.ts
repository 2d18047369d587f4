export const queueTables = {};
