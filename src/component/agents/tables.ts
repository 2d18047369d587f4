export const agentsTables = {};
