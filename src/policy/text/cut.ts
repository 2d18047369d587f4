/**
 * The one place where text is cut, and where foreign text is made storable.
 *
 * Half a surrogate pair is no text: Convex refuses it as an argument, JSON and UTF-8 cannot carry it. A cut between
 * an emoji and its skin colour, or a letter and its accent, is text but not what was written. So whatever shortens a
 * text asks `boundaryBefore` where it may cut, and whatever comes from outside (an engine, a messenger, a file, an
 * operating system's error) goes through `wellFormed` at the border.
 *
 * Own rules, not `Intl.Segmenter`: they must give the same places in every runtime and version, because an interrupted
 * answer is resumed by the number of its next part. They follow Unicode's UAX #29 for what people write (marks,
 * variation selectors, joined emoji, skin colours, flags, tag sequences, CR LF, Hangul); `cut.test.ts` compares.
 */

/** A cluster longer than this (stacked accents without end) is cut between code points, in UTF-16 code units. */
const MAX_CLUSTER_UNITS = 64;

const LONE_SURROGATES = /\p{Surrogate}/gu;
const EXTENDS = /^[\p{M}\u200c\u200d\p{Emoji_Modifier}\u{e0020}-\u{e007f}\uff9e\uff9f]$/u;
const PICTOGRAPH = /^\p{Extended_Pictographic}$/u;
const REGIONAL = /^\p{Regional_Indicator}$/u;
const CONTROL = /^\p{Cc}$/u;
const JOINER = "\u200d";
/** Two jamo of one syllable (UAX #29, GB6 to GB8, without telling syllables that have their last jamo already from others). */
const JOINED_HANGUL =
  /^([\u1100-\u115f][\u1100-\u11a7\uac00-\ud7a3]|[\u1160-\u11a7\uac00-\ud7a3][\u1160-\u11ff]|[\u11a8-\u11ff]{2})$/;

/** `text` with every lone surrogate replaced by U+FFFD, as `String.prototype.toWellFormed` does. */
export const wellFormed = (text: string): string => text.replace(LONE_SURROGATES, "\ufffd");

/**
 * The first `maxUnits` UTF-16 code units of `text`, or a few fewer: never half a surrogate pair, and no grapheme
 * cluster in two unless it alone is longer than 64 units. Well-formed whatever `text` is.
 */
export const cutText = (text: string, maxUnits: number): string =>
  wellFormed(text.length <= maxUnits ? text : text.slice(0, boundaryBefore(text, maxUnits)));

/** The last `maxUnits` UTF-16 code units of `text`, or a few fewer, by the rules of {@link cutText}. */
export const cutTextFromStart = (text: string, maxUnits: number): string =>
  wellFormed(text.length <= maxUnits ? text : text.slice(boundaryAfter(text, text.length - maxUnits)));

/**
 * The last index in `text` at or before `index` where a cut leaves two whole texts (`index` itself when it is one,
 * 0 when `index` is 0 or less, the length when it is beyond). When the cluster there began at the start of the text or
 * more than 64 units before, the border of its code point.
 */
export function boundaryBefore(text: string, index: number): number {
  const wanted = Math.min(text.length, index);
  if (wanted <= 0) return 0;
  const least = Math.max(0, wanted - MAX_CLUSTER_UNITS);
  for (let at = codePointBorder(text, wanted); at > least; at = codePointBorder(text, at - 1))
    if (mayCutAt(text, at)) return at;
  return codePointBorder(text, wanted);
}

/** The first index at or after `index` where a cut leaves two whole texts, by the rules of {@link boundaryBefore}. */
function boundaryAfter(text: string, index: number): number {
  const most = Math.min(text.length, index + MAX_CLUSTER_UNITS);
  for (let at = index; at < most; at += 1) if (!isInsidePair(text, at) && mayCutAt(text, at)) return at;
  return isInsidePair(text, index) ? index + 1 : index;
}

const codePointBorder = (text: string, index: number): number =>
  isInsidePair(text, index) ? index - 1 : index;

function isInsidePair(text: string, index: number): boolean {
  const before = text.charCodeAt(index - 1);
  const after = text.charCodeAt(index);
  return before >= 0xd800 && before <= 0xdbff && after >= 0xdc00 && after <= 0xdfff;
}

/** Whether a cluster ends at `index`, which is a border of code points. */
function mayCutAt(text: string, index: number): boolean {
  if (index <= 0 || index >= text.length) return true;
  const before = codePointBefore(text, index);
  const after = String.fromCodePoint(text.codePointAt(index) ?? 0);
  if (before === "\r" && after === "\n") return false;
  if (CONTROL.test(before) || CONTROL.test(after)) return true;
  if (EXTENDS.test(after)) return false;
  if (before === JOINER && PICTOGRAPH.test(after)) return !joinsPictograph(text, index - 1);
  if (REGIONAL.test(before) && REGIONAL.test(after)) return regionalsBefore(text, index) % 2 === 0;
  return !JOINED_HANGUL.test(before + after);
}

function codePointBefore(text: string, index: number): string {
  return isInsidePair(text, index - 1) ? text.slice(index - 2, index) : text.charAt(index - 1);
}

/** Whether what stands before the joiner at `index` is a picture, with or without its selectors and colours. */
function joinsPictograph(text: string, index: number): boolean {
  for (let at = index, steps = 0; at > 0 && steps < MAX_CLUSTER_UNITS; steps += 1) {
    const before = codePointBefore(text, at);
    if (PICTOGRAPH.test(before)) return true;
    // Nothing but marks stands between a picture and its joiner: a second joiner joins nothing (GB11).
    if (before === JOINER || !EXTENDS.test(before)) return false;
    at -= before.length;
  }
  return false;
}

function regionalsBefore(text: string, index: number): number {
  let count = 0;
  for (let at = index; at > 0 && REGIONAL.test(codePointBefore(text, at)); at -= 2) count += 1;
  return count;
}
