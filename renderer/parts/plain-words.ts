/** Text as searches compare it: "ViT-L/14" is found as "vit l 14" and as "vit-l/14" alike. */
export function plainWords(text: string): string {
  return text
    .toLowerCase()
    .normalize('NFKD')
    .replace(/[^\p{L}\p{N}.+]+/gu, ' ')
    .trim();
}
