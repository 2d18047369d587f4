export const telegramTables = {};
