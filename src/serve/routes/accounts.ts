import { accountListSchema } from '../api/accounts.ts';
import type { Routes } from '../context.ts';

export const accountRoutes: Routes =
  ({ views }) =>
  async (app) => {
    app.get(
      '/accounts',
      { schema: { summary: 'Accounts of the runs, and how they are', response: { 200: accountListSchema } } },
      async () => ({ accounts: await views.accounts() }),
    );
  };
