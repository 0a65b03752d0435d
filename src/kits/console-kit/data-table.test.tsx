// @vitest-environment happy-dom
import { cleanup, screen } from '@testing-library/react'
import { afterEach, expect, test } from 'vitest'
import { renderPage } from '#test/render-page.tsx'
import { type Column, DataTable } from './data-table.tsx'

afterEach(cleanup)
interface Fruit {
  name: string
  kilos: number | null
}
const columns: Column<Fruit>[] = [
  { id: 'name', title: 'Name' },
  { id: 'kilos', title: 'Kilos', unit: 'number' },
]
const rows: Fruit[] = [
  { name: 'pear', kilos: 3 },
  { name: 'apple', kilos: null },
  { name: 'plum', kilos: 12 },
]
const texts = () =>
  screen
    .getAllByRole('row')
    .slice(1)
    .map((row) => row.textContent)

test('client rows are drawn, sorted from the URL, missing last', async () => {
  await renderPage(() => <DataTable id="f" label="Fruit" columns={columns} rows={rows} rowKey={(row) => row.name} />, { url: '/x?f.sort=kilos&f.order=desc' })
  await screen.findByText('plum')
  expect(texts()).toEqual(['plum12', 'pear3', 'apple–'])
})
