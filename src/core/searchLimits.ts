// How much the search helpers of the REPL take and give: one source for the helpers of both languages,
// the search thread and what models are told.

export const searchLimits = {
  /** Of grep, when the code asks for no other number. */
  defaultMatches: 100,
  /** Of search. */
  defaultHits: 10,
  maxHits: 1_000,
  /** A hit of search is whole lines packed up to so many characters. */
  defaultWindowChars: 1_000,
  minWindowChars: 50,
  maxWindowChars: 100_000,
  /** Different words of a query. */
  maxTerms: 256,
  maxQueryChars: 20_000,
  defaultChunkChars: 100_000,
  maxChunkChars: 2 ** 30,
  maxPatternChars: 20_000,
  /** A longer line is shown as a part around the match. */
  maxLineChars: 100_000,
  cutLineChars: 2_000,
  /** A list of places shows so many of them, with so many characters of their lines around each. */
  shownPlaces: 100,
  contextChars: 60,
  maxContextChars: 2_000,
  /** Of a match itself, and of all that a list shows. */
  shownMatchChars: 200,
  shownListChars: 12_000,
  /** Of lines that are shown with their numbers. */
  shownLines: 200,
  shownLineChars: 1_000,
  /** Different values that count tells apart. */
  maxGroupValues: 100_000,
  maxGroupChars: 5_000_000,
  /** In texts up to this size matches beyond those that were asked for are counted. */
  countedChars: 1_000_000,
} as const;
