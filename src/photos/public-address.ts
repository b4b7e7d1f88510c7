import ipaddr from 'ipaddr.js';

/** All that is given out for the public IPv6 network (RFC 4291, IANA's registry); what is routed elsewhere is special. */
const globalUnicast = ipaddr.parseCIDR('2000::/3');

/**
 * Whether an IP address is one of the public network: not loopback, private, link-local, unique-local, shared by a
 * carrier, multicast, reserved, or an IPv6 form that carries an IPv4 address. Anything that is no address is not public.
 */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.parse(address);
  if (parsed.range() !== 'unicast') return false;
  return parsed.kind() === 'ipv4' || parsed.match(globalUnicast);
}
