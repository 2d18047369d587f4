/**
 * The objects that our manifests use, strictly: a field that is not here is a typing error, which the API server would drop
 * without a word. Names and types as in the Kubernetes API (apps/v1, networking.k8s.io/v1, v1), 1.27 and later.
 */
import { z } from "zod";

/** RFC 1123 label. */
const name = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
const labels = z.record(z.string(), z.string());
const metadata = z.strictObject({ name, labels });
const selector = z.strictObject({ matchLabels: labels });
const quantity = z.string().regex(/^\d+(m|Ki|Mi|Gi)?$/);
const seconds = z.int().positive();
const protocol = z.enum(["TCP", "UDP"]);
const portName = z.string().regex(/^[a-z]([a-z-]{0,13}[a-z])?$/);

const probe = z.strictObject({
  httpGet: z.strictObject({ path: z.string().startsWith("/"), port: portName }),
  initialDelaySeconds: seconds.optional(),
  periodSeconds: seconds,
  timeoutSeconds: seconds,
  failureThreshold: z.int().positive(),
});
const seccompProfile = z.strictObject({ type: z.enum(["RuntimeDefault", "Localhost"]) });
const container = z.strictObject({
  name,
  image: z.string(),
  imagePullPolicy: z.enum(["Always", "IfNotPresent", "Never"]),
  envFrom: z.array(
    z.union([
      z.strictObject({ configMapRef: z.strictObject({ name }) }),
      z.strictObject({ secretRef: z.strictObject({ name }) }),
    ]),
  ),
  ports: z.array(z.strictObject({ name: portName, containerPort: z.int().max(65_535), protocol })),
  readinessProbe: probe,
  livenessProbe: probe,
  lifecycle: z.strictObject({
    preStop: z.strictObject({
      exec: z.strictObject({ command: z.tuple([z.literal("sleep"), z.string().regex(/^\d+$/)]) }),
    }),
  }),
  resources: z.strictObject({
    requests: z.strictObject({ cpu: quantity, memory: quantity }),
    limits: z.strictObject({ memory: quantity }),
  }),
  securityContext: z.strictObject({
    allowPrivilegeEscalation: z.literal(false),
    readOnlyRootFilesystem: z.literal(true),
    capabilities: z.strictObject({ drop: z.tuple([z.literal("ALL")]) }),
  }),
  volumeMounts: z.array(z.strictObject({ name, mountPath: z.string().startsWith("/") })),
});
const template = z.strictObject({
  metadata: z.strictObject({ labels }),
  spec: z.strictObject({
    automountServiceAccountToken: z.literal(false),
    terminationGracePeriodSeconds: seconds,
    securityContext: z.strictObject({
      runAsNonRoot: z.literal(true),
      runAsUser: z.int().positive(),
      runAsGroup: z.int().positive(),
      fsGroup: z.int().positive(),
      seccompProfile,
    }),
    containers: z.tuple([container]),
    volumes: z.array(z.strictObject({ name, emptyDir: z.strictObject({ sizeLimit: quantity }) })),
  }),
});
export type PodTemplate = z.infer<typeof template>;

const claim = z.strictObject({
  metadata: z.strictObject({ name }),
  spec: z.strictObject({
    accessModes: z.array(z.enum(["ReadWriteOnce", "ReadWriteOncePod"])),
    resources: z.strictObject({ requests: z.strictObject({ storage: quantity }) }),
  }),
});
const policyPort = z.strictObject({ protocol, port: z.int().positive().max(65_535) });

/** One object of a manifest. */
export const kubernetesObject = z.discriminatedUnion("kind", [
  z.strictObject({
    apiVersion: z.literal("v1"),
    kind: z.literal("ConfigMap"),
    metadata,
    data: z.record(z.string(), z.string()),
  }),
  z.strictObject({
    apiVersion: z.literal("v1"),
    kind: z.literal("Secret"),
    metadata,
    type: z.literal("Opaque"),
    stringData: z.record(z.string(), z.string()),
  }),
  z.strictObject({
    apiVersion: z.literal("v1"),
    kind: z.literal("Service"),
    metadata,
    spec: z.strictObject({
      clusterIP: z.literal("None"),
      selector: labels,
      ports: z.array(z.strictObject({ name: portName, port: z.int(), targetPort: portName, protocol })),
    }),
  }),
  z.strictObject({
    apiVersion: z.literal("apps/v1"),
    kind: z.literal("Deployment"),
    metadata,
    spec: z.strictObject({
      replicas: z.int().positive(),
      selector,
      strategy: z.strictObject({
        type: z.literal("RollingUpdate"),
        rollingUpdate: z.strictObject({ maxSurge: z.int(), maxUnavailable: z.int() }),
      }),
      template,
    }),
  }),
  z.strictObject({
    apiVersion: z.literal("apps/v1"),
    kind: z.literal("StatefulSet"),
    metadata,
    spec: z.strictObject({
      replicas: z.int().positive(),
      serviceName: name,
      podManagementPolicy: z.enum(["Parallel", "OrderedReady"]),
      selector,
      template,
      volumeClaimTemplates: z.array(claim),
    }),
  }),
  z.strictObject({
    apiVersion: z.literal("networking.k8s.io/v1"),
    kind: z.literal("NetworkPolicy"),
    metadata,
    spec: z.strictObject({
      podSelector: selector,
      policyTypes: z.tuple([z.literal("Egress")]),
      egress: z.array(z.strictObject({ ports: z.array(policyPort) })),
    }),
  }),
]);
export type KubernetesObject = z.infer<typeof kubernetesObject>;
