/** The provider configuration of tests of the fleet. */
export const APP = "workers";
export const CONFIG = {
  kind: "fly" as const,
  appName: APP,
  organizationSlug: "acme",
  image: "registry.fly.io/worker:1",
  region: "iad",
  volumeName: "data",
  volumePath: "/data",
  volumeSizeGb: 1,
};
