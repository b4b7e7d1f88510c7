import { render } from 'preact';
import type { PageData } from '../../../src/records/page-data.ts';
import '../styles/page.css';
import { ReportPage } from './report-page.tsx';

const page = document.getElementById('page');
const text = document.getElementById('data')?.textContent?.trim();
if (page) {
  page.replaceChildren();
  render(
    text ? <ReportPage data={JSON.parse(text) as PageData} /> : <p>This page has no report in it.</p>,
    page,
  );
}
