/** What the engine server holds under one template id. */
export interface StoredTemplate {
  enrolled: number;
  photoSha256: string[];
}

/** The templates of the engine server: every endpoint that stores, finds or removes one does it here. */
export function createTemplateStore() {
  const all = new Map<string, StoredTemplate>();
  return {
    all: all as ReadonlyMap<string, Readonly<StoredTemplate>>,
    store(templateId: string, photoSha256: string): void {
      const template = all.get(templateId) ?? { enrolled: 0, photoSha256: [] };
      template.enrolled += 1;
      template.photoSha256.push(photoSha256);
      all.set(templateId, template);
    },
    remove: (templateId: string): boolean => all.delete(templateId),
    clear: () => all.clear(),
  };
}
