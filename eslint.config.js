/**
 * Types, layers and size. Each layer has one block with its whole import rule: a later block replaces an
 * earlier one for the same file, so rules are never split over two blocks.
 */
import convex from "@convex-dev/eslint-plugin";
import js from "@eslint/js";
import { createTypeScriptImportResolver } from "eslint-import-resolver-typescript";
import importX from "eslint-plugin-import-x";
import { readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import tseslint from "typescript-eslint";
import { CUT_TEXT, NAMES, PURE } from "./scripts/lint/restrictedSyntax.mjs";

const ROOT = path.dirname(fileURLToPath(import.meta.url));
const TESTS = ["**/*.test.ts"];

/** Everything in `src/` that is not the folder itself or one it may build on is out of bounds for it. */
function zone(folder, may) {
  const message = `src/${folder} may import only ${["itself", ...may].join(", ")} (layers: contract <- policy <- core <- component)`;
  return [
    { target: `./src/${folder}`, from: "./src", except: [folder, ...may].map((f) => `./${f}`), message },
    {
      target: `./src/${folder}`,
      from: ".",
      except: ["./src", "./node_modules"],
      message: "src/ imports nothing from outside src/",
    },
  ];
}

/** The worker is a package of its own; of the component's it takes what both must agree on. */
const WORKER_ZONES = [
  {
    target: "./worker",
    from: "./src",
    except: ["./contract", "./policy"],
    message: "worker/ may import only itself, src/contract and src/policy",
  },
  {
    target: "./worker",
    from: ".",
    except: ["./worker", "./src", "./node_modules"],
    message: "worker/ may import only itself, src/contract and src/policy",
  },
];

/** The folders of a layer, from the ground up: each may build on those before it, so no two need each other. */
const FOLDERS = JSON.parse(readFileSync(path.join(ROOT, "scripts/lint/folders.json"), "utf8"));
const orderOf = (layer) =>
  (FOLDERS[layer] ?? []).slice(0, -1).map((folder, index) => ({
    target: `./${layer}/${folder}`,
    from: FOLDERS[layer].slice(index + 1).map((later) => `./${layer}/${later}`),
    message: `${layer}/${folder} may import only folders that stand before it in scripts/lint/folders.json`,
  }));

/** Restricted packages of a folder, as patterns over the text of the import. */
const ONLY = (allowed) => ({
  regex: `^(?!\\.{1,2}/)(?!(?:${allowed.join("|")})$)`,
  message: `Allowed packages here: ${allowed.join(", ") || "none"}.`,
});

const noBuilders = (names, message) => [
  { regex: "_generated/server(\\.js)?$", importNames: names, message },
  {
    regex: "^convex/server$",
    importNames: names.map((name) => `${name}Generic`),
    message,
  },
];
const PUBLIC_BUILDERS = ["query", "mutation", "action"];
const INTERNAL_BUILDERS = ["internalQuery", "internalMutation", "internalAction"];

/** One layer: which folders of `src/` it may import, and which packages and names it may not. */
const layer = (folder, may, patterns, extra = {}) => ({
  files: [`src/${folder}/**/*.{ts,tsx}`],
  ignores: [...TESTS, ...(extra.ignores ?? [])],
  rules: {
    "import-x/no-restricted-paths": [
      "error",
      { basePath: ROOT, zones: [...zone(folder, may), ...orderOf(`src/${folder}`)] },
    ],
    "no-restricted-imports": ["error", { patterns }],
    ...extra.rules,
  },
});

const COMPONENT_PACKAGES = ["convex/.*", "convex-helpers/.*"];
/** What takes long to load is imported by few files, none of which a hot function reaches (`npm run price`). */
const HEAVY_PACKAGES = ["@convex-dev/workflow(?:/.*)?", "zod"];
const HEAVY_FILES = [
  "src/core/providers/fly/**/*.ts",
  "src/core/channels/telegram/{botApi,fetchFile}.ts",
  "src/core/workflows.ts",
  "src/core/pushing/broadcastRun.ts",
];
const PROVIDER_CONFIGS = "src/core/providers/*/config.ts";
const NO_FRAMEWORK = {
  regex: "^(react|react-dom)(/|$)",
  message: "React is not a dependency of this package.",
};

const coreLayer = (packages, extra) =>
  layer(
    "core",
    ["contract", "policy", "component/_generated"],
    [
      ONLY(packages),
      ...noBuilders(
        [...PUBLIC_BUILDERS, ...INTERNAL_BUILDERS],
        "Functions are registered in src/component only.",
      ),
    ],
    extra,
  );

export default tseslint.config(
  { ignores: ["**/_generated/**", "**/dist/**", "**/node_modules/**", "coverage/**", "tmp/**"] },
  js.configs.recommended,
  tseslint.configs.recommendedTypeChecked,
  {
    plugins: { "import-x": importX, "@convex-dev": convex },
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: ROOT } },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    settings: {
      "import-x/parsers": { "@typescript-eslint/parser": [".ts", ".tsx"] },
      "import-x/resolver-next": [
        createTypeScriptImportResolver({ project: path.join(ROOT, "tsconfig.json"), alwaysTryTypes: true }),
      ],
    },
    rules: {
      "max-lines": ["error", { max: 300, skipBlankLines: true, skipComments: true }],
      "import-x/no-cycle": ["error", { ignoreExternal: true }],
      "import-x/no-self-import": "error",
      eqeqeq: ["error", "always"],
      "no-console": "off",
      "@typescript-eslint/consistent-type-imports": ["error", { fixStyle: "inline-type-imports" }],
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-misused-promises": ["error", { checksVoidReturn: { attributes: false } }],
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      // Many functions here implement an asynchronous interface without having to wait.
      "@typescript-eslint/require-await": "off",
      "@typescript-eslint/restrict-template-expressions": [
        "error",
        { allowNumber: true, allowBoolean: true },
      ],
      "@typescript-eslint/switch-exhaustiveness-check": [
        "error",
        { considerDefaultExhaustiveForUnions: true },
      ],
    },
  },
  {
    files: ["**/*.js"],
    extends: [tseslint.configs.disableTypeChecked],
  },
  {
    // Matchers such as `expect.any()` are typed `any`; the fixture stands for an app without generated types.
    files: [...TESTS, "sim/platform/fixture/**/*.ts"],
    rules: {
      "@typescript-eslint/no-unsafe-argument": "off",
      "@typescript-eslint/no-unsafe-assignment": "off",
      "@typescript-eslint/no-unsafe-member-access": "off",
      "@typescript-eslint/no-unsafe-return": "off",
      "@typescript-eslint/unbound-method": "off",
    },
  },
  {
    files: ["src/component/**/*.ts", "src/core/**/*.ts", "example/convex/**/*.ts"],
    ignores: TESTS,
    rules: {
      "@convex-dev/no-old-registered-function-syntax": "error",
      "@convex-dev/require-args-validator": "error",
      "@convex-dev/no-filter-in-query": "error",
      "@convex-dev/no-schema-import-cycle": "error",
    },
  },

  layer("contract", [], [ONLY(["convex/values"])]),
  {
    // The list of providers: of each folder only what every call may carry.
    ...layer(
      "contract",
      ["core/providers"],
      [
        ONLY(["convex/values"]),
        {
          regex: "core/providers/(?!\\w+/config\\.js$)",
          message: "Of a provider's folder the contract knows config.ts alone.",
        },
      ],
    ),
    files: ["src/contract/providers.ts"],
  },
  layer("policy", ["contract"], [ONLY(["convex/values", "temporal-polyfill"])], {
    rules: PURE,
  }),
  {
    files: ["{src/contract,src/core,src/client,worker/src}/**/*.ts"],
    ignores: TESTS,
    rules: { "no-restricted-syntax": ["error", CUT_TEXT, ...NAMES] },
  },
  {
    files: ["**/{utils,util,helpers,common,misc}/**", "**/{utils,util,helpers,common,misc}.{ts,tsx}"],
    rules: {
      "no-restricted-syntax": [
        "error",
        { selector: "Program", message: "Name the file or folder by what it is for (docs/naming.md)." },
      ],
    },
  },
  // Every file of src/component is an entry point for the bundler: it registers and does nothing else.
  coreLayer(COMPONENT_PACKAGES, { ignores: [...HEAVY_FILES, PROVIDER_CONFIGS] }),
  {
    ...coreLayer([...COMPONENT_PACKAGES, ...HEAVY_PACKAGES]),
    files: HEAVY_FILES,
    ignores: [...TESTS, PROVIDER_CONFIGS],
  },
  {
    files: [PROVIDER_CONFIGS],
    rules: {
      "no-restricted-imports": [
        "error",
        {
          patterns: [
            {
              regex: "^(?!convex/values$|\\.\\./\\.\\./\\.\\./contract/|\\.\\./\\w+/config\\.js$)",
              message: "Every call of the component loads this file: it is validators and words.",
            },
          ],
        },
      ],
    },
  },
  layer(
    "component",
    ["core", "contract"],
    [
      ONLY(["convex/.*", "@convex-dev/workflow(?:/.*)?"]),
      ...noBuilders(PUBLIC_BUILDERS, "Public functions are registered in src/component/lib.ts only."),
    ],
    { ignores: ["src/component/lib.ts"] },
  ),
  {
    files: ["src/component/lib.ts"],
    rules: {
      // Generated, and Convex wants all public functions in this file.
      "max-lines": "off",
      "import-x/no-restricted-paths": [
        "error",
        { basePath: ROOT, zones: zone("component", ["core", "contract"]) },
      ],
      "no-restricted-imports": ["error", { patterns: [ONLY([])] }],
    },
  },
  layer(
    "client",
    ["contract", "policy", "component/_generated/component.ts"],
    [ONLY(["convex/.*", "zod", "jose"])],
    {
      rules: {
        // The component's generated interface is a type: importing its code would bundle the component into the app.
        "@typescript-eslint/no-restricted-imports": [
          "error",
          {
            patterns: [
              { regex: "(^|/)component/", allowTypeImports: true, message: "Import this as a type." },
            ],
          },
        ],
      },
    },
  ),
  {
    files: ["worker/**/*.ts"],
    ignores: TESTS,
    rules: {
      "import-x/no-restricted-paths": [
        "error",
        { basePath: ROOT, zones: [...WORKER_ZONES, ...orderOf("worker/src")] },
      ],
      "no-restricted-imports": [
        "error",
        { patterns: [NO_FRAMEWORK, { regex: "^@okrlinkhub/", message: "Use relative imports." }] },
      ],
    },
  },
  layer("react", ["contract", "policy"], [ONLY(["convex/.*"])]),
  {
    files: ["example/**/*.ts"],
    ignores: TESTS,
    rules: {
      "no-restricted-imports": [
        "error",
        {
          patterns: [
            {
              regex: "^(\\.\\./)+(src|sim|test|scripts)/",
              message: "The example uses published entry points only.",
            },
          ],
        },
      ],
    },
  },
  {
    files: ["**/*.mjs"],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: { parserOptions: { projectService: false } },
  },
);
