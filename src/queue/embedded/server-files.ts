import { join } from 'node:path';

/** Where an embedded server keeps what it needs; all of it below one folder of the state. */
export interface ServerFiles {
  /** The whole: readable by its owner only. */
  readonly folder: string;
  /** PostgreSQL's own data folder, with the socket in it. */
  readonly data: string;
  /** A data folder in the making; what is left of one that was interrupted is thrown away. */
  readonly dataInMaking: string;
  /** Held while one process makes the data folder or starts the server. */
  readonly lock: string;
  readonly log: string;
  /** Links to shared libraries, where the installed package has none. */
  readonly libraries: string;
}

export function serverFiles(folder: string): ServerFiles {
  return {
    folder,
    data: join(folder, 'data'),
    dataInMaking: join(folder, 'data.new'),
    lock: join(folder, 'start.lock'),
    log: join(folder, 'server.log'),
    libraries: join(folder, 'libraries'),
  };
}
