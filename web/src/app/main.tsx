import { render } from 'preact';
import '../styles/page.css';
import '../styles/app.css';
import { App } from './app.tsx';
import { openSession, takeToken } from './session.ts';

const page = document.getElementById('page');
if (page) render(<App />, page);
void openSession(takeToken());
// A second link with a token, followed in the same tab.
addEventListener('hashchange', () => {
  const token = takeToken();
  if (token !== undefined) void openSession(token);
});
