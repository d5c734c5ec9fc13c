import { BlockList, isIP } from 'node:net';

// IANA's registries of addresses for special use. What lies outside 2000::/3 is not of the open Internet either.
const special4 =
  '0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 ' +
  '192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/3';
const special6 = '2001::/23 2001:db8::/32 2002::/16 3fff::/20';

let lists: { special: BlockList; unicast: BlockList } | undefined;

/** Whether an IP address is one of the open Internet: not loopback, private, link-local, multicast or reserved. */
export function isPublicAddress(address: string): boolean {
  lists ??= {
    special: blockList([...special4.split(' '), ...special6.split(' ')]),
    unicast: blockList(['2000::/3']),
  };
  const version = isIP(address);
  if (version === 4) return !lists.special.check(address, 'ipv4');
  return version === 6 && lists.unicast.check(address, 'ipv6') && !lists.special.check(address, 'ipv6');
}

function blockList(ranges: string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [network, bits] = range.split('/') as [string, string];
    list.addSubnet(network, Number(bits), isIP(network) === 4 ? 'ipv4' : 'ipv6');
  }
  return list;
}
