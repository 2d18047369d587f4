export const workersTables = {};
