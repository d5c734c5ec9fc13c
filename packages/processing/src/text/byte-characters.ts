/**
 * The printable character by which GPT-2's family of vocabularies writes each byte in its files: Latin-1's
 * printable characters stand for themselves, the other bytes for the characters from U+0100 on.
 */
export const byteCharacters: readonly string[] = (() => {
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => {
    const printable = (byte > 32 && byte < 127) || (byte > 160 && byte !== 173);
    return String.fromCharCode(printable ? byte : next++);
  });
})();

/** All bytes in the order of their {@link byteCharacters}, which is that of their ids. */
export const bytesInOrder: readonly number[] = Array.from({ length: 256 }, (_, byte) => byte).sort((a, b) =>
  byteCharacters[a]! < byteCharacters[b]! ? -1 : 1,
);
