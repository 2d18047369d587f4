/** The two origins of a deployment, from whichever of them an operator stored. */

export interface DeploymentUrls {
  /** Queries, mutations and actions (`.convex.cloud`). */
  cloud: string;
  /** HTTP actions (`.convex.site`). */
  site: string;
}

/**
 * Converts between `.convex.cloud` and `.convex.site`. Other origins (self-hosted, local) have no such rule: there `known`,
 * the deployment's own pair, names the other half. Null when the URL is no http(s) origin or belongs to neither.
 */
export function deploymentUrls(url: string, known: DeploymentUrls): DeploymentUrls | null {
  const origin = url.trim().replace(/\/+$/, "");
  if (!/^https?:\/\/[^/]+$/i.test(origin) || !URL.canParse(origin)) return null;
  const hosted = /^(https:\/\/[^/]+)\.convex\.(?:cloud|site)$/i.exec(origin)?.[1];
  if (hosted !== undefined) return { cloud: `${hosted}.convex.cloud`, site: `${hosted}.convex.site` };
  return origin === known.cloud || origin === known.site ? known : null;
}
