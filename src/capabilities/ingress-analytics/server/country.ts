/** Countries of addresses, from a database that ships in a package (`@ip-location-db/geo-whois-asn-country-mmdb`, CC0). */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { type CountryResponse, Reader } from 'mmdb-lib'

/** Loads the database (8 MB, about 10 ms). Gives the ISO 3166 code of an IPv4 or IPv6 address, empty for private ones and for what is no address. */
export function loadCountries(): (client: string) => string {
  const path = createRequire(import.meta.url).resolve('@ip-location-db/geo-whois-asn-country-mmdb/geo-whois-asn-country.mmdb')
  const reader = new Reader<CountryResponse & { country_code?: string }>(readFileSync(path))
  return (client) => {
    try {
      return reader.get(client)?.country_code ?? ''
    } catch {
      return '' // not an address
    }
  }
}
