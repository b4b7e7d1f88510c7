/** What the engine server holds under one template id. */
export interface StoredTemplate {
  enrolled: number;
  photoSha256: string[];
  /** Whom the latest photo shows: its tag, else its SHA-256. */
  person: string;
  /** By the server's clock, and by the identifications answered so far. */
  storedAtInMs: number;
  storedAtIdentification: number;
}

/** For how long a template that was stored is not found yet: for so many identifications, and so many milliseconds. */
export interface IndexLag {
  readonly identifications: number;
  readonly inMs: number;
}

export interface FoundTemplate {
  readonly templateId: string;
  readonly similarity: number;
}

/** The templates of the engine server: every endpoint that stores, finds or removes one does it here. */
export function createTemplateStore(clock: () => number) {
  const all = new Map<string, StoredTemplate>();
  let identifications = 0;

  const similarityOf = (template: StoredTemplate, face: { person: string; photoSha256: string }) => {
    if (template.photoSha256.at(-1) === face.photoSha256) return 1;
    return template.person === face.person ? 0.9 : 0.31;
  };

  function store(templateId: string, { person, photoSha256 }: { person: string; photoSha256: string }): void {
    const before = all.get(templateId) ?? { enrolled: 0, photoSha256: [] };
    all.set(templateId, {
      enrolled: before.enrolled + 1,
      photoSha256: [...before.photoSha256, photoSha256],
      person,
      storedAtInMs: clock(),
      storedAtIdentification: identifications,
    });
  }

  return {
    all: all as ReadonlyMap<string, Readonly<StoredTemplate>>,
    store,
    /** The most similar template, also of another person; undefined where none is in the index. */
    find(face: { person: string; photoSha256: string }, lag: IndexLag): FoundTemplate | undefined {
      let best: FoundTemplate | undefined;
      const now = clock();
      for (const [templateId, template] of all) {
        const similarity = similarityOf(template, face);
        if (similarity <= (best?.similarity ?? 0)) continue;
        const isIndexed =
          now - template.storedAtInMs >= lag.inMs &&
          identifications - template.storedAtIdentification >= lag.identifications;
        if (isIndexed) best = { templateId, similarity };
      }
      identifications += 1;
      return best;
    },
    /** How like a face is to one template; 0 where there is none. */
    compare(templateId: string, face: { person: string; photoSha256: string }): number {
      const template = all.get(templateId);
      return template ? similarityOf(template, face) : 0;
    },
    remove: (templateId: string): boolean => all.delete(templateId),
    put(templateId: string, face: { person: string; photoSha256: string } | undefined): void {
      if (!face) all.delete(templateId);
      else store(templateId, face);
    },
    clear(): void {
      all.clear();
      identifications = 0;
    },
  };
}
