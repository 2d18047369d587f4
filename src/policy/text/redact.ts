/**
 * Credentials taken out of text that is kept or printed: the words of a provider, a worker's reason of failure, an unexpected
 * error. By their shape here; by their value, where that is known, in `redactSecrets.ts`.
 */

/**
 * A bot's token, alone or in a URL of the Bot API; an opaque worker path; `Bearer …`; a query parameter that is named like a
 * credential; user and password of a URL; keys of model servers (`sk-`, also with stars in the middle), Fly (`fm2_`) and tokens
 * of three parts (JWT).
 */
const CREDENTIAL =
  /(\bbot(?=\d+:)|\/w\/(?=[\w-]{43}\b))[\w:-]+|(\bBearer\s+)[\w.~+/=-]+|([?&][\w-]*(?:key|token|secret|signature|password)=)[^\s&"'<>]+|(:\/\/)[^\s/?#"'<>]+(?=@)|\b(?:\d{5,}:[\w-]{30,}|(?:sk-|fm\d_|eyJ[\w-]+\.)[\w.+/=*-]{8,})/gi;

/** `text` without what looks like a credential. */
export const redactCredentials = (text: string): string => text.replace(CREDENTIAL, "$1$2$3$4[redacted]");
