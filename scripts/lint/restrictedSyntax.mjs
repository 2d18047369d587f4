/** What the syntax of a file shows: names, texts that are cut, and what is not pure. `eslint.config.js` says where each rule holds. */

/** Half an emoji is refused by the platform and cannot be sent: texts have one place that cuts them. Lists and dates may be sliced. */
export const CUT_TEXT = {
  selector:
    "CallExpression[callee.property.name=/^(slice|substring|substr)$/][arguments.0.value=0]:matches([arguments.1.name=/(chars|units)$/i], [arguments.1.value>39])",
  message: "Text is cut by policy/text/cut.ts (cutText), which never leaves half a character.",
};

/** What docs/naming.md says and syntax can show: constants, the import of zod. */
export const NAMES = [
  ...["Program", "Program > ExportNamedDeclaration"].map((place) => ({
    selector: `${place} > VariableDeclaration[kind='const'] > VariableDeclarator[id.name=/^[a-z]/][id.name!='defaultPathPrefix']:matches([init.raw=/^[\\x220-9]/], [init.type='BinaryExpression'][init.operator=/^([*\\x2f+-]|\\*\\*)$/])`,
    message: "A number or text that stands at the top of a file is named in UPPER_CASE (docs/naming.md).",
  })),
  {
    selector: "ImportDeclaration[source.value='zod'] > ImportNamespaceSpecifier",
    message: 'zod is imported as `import { z } from "zod"`.',
  },
];

/** The rules of policy/: time, randomness and the world come in as arguments. */
export const PURE = {
  "no-restricted-globals": [
    "error",
    ...["fetch", "process", "setTimeout", "setInterval", "performance"].map((name) => ({
      name,
      message: "policy/ is pure: what it needs comes in as an argument.",
    })),
  ],
  "no-restricted-properties": [
    "error",
    { object: "Date", property: "now", message: "policy/ takes the time as an argument." },
    { object: "Math", property: "random", message: "policy/ takes randomness as an argument." },
    // WebCrypto over given bytes is a pure function; drawing random bytes is not.
    ...["getRandomValues", "randomUUID"].map((property) => ({
      object: "crypto",
      property,
      message: "policy/ takes randomness as an argument.",
    })),
    ...["fetch", "process", "performance"].map((property) => ({
      object: "globalThis",
      property,
      message: "policy/ is pure: what it needs comes in as an argument.",
    })),
  ],
  "no-restricted-syntax": [
    "error",
    CUT_TEXT,
    ...NAMES,
    {
      selector: "NewExpression[callee.name='Date'][arguments.length=0]",
      message: "policy/ takes the time as an argument.",
    },
    { selector: "CallExpression[callee.name='Date']", message: "policy/ takes the time as an argument." },
  ],
};
