#include "sim/harness/node_layout.hpp"

namespace tern::sim {

Properties NodeLayout::properties() const {
    Properties properties;
    properties.set("aeron.dir", aeron_directory);
    properties.set("aeron.term.buffer.length", "64k");
    properties.set("aeron.ipc.term.buffer.length", "64k");
    properties.set("aeron.counters.buffer.length", "1m");
    properties.set("aeron.archive.dir", archive_directory());
    properties.set("aeron.archive.segment.file.length", "128k");
    properties.set("aeron.archive.control.channel", "aeron:udp?endpoint=" + host + ":0");
    properties.set("aeron.archive.replication.channel", "aeron:udp?endpoint=" + host + ":0");
    properties.set("aeron.cluster.dir", cluster_directory());
    std::string members = "0," + ingress_endpoint;
    for (const char* port : {":1", ":2", ":3", ":4"}) members += "," + host + port;
    properties.set("aeron.cluster.members", members);
    properties.set("aeron.cluster.ingress.channel", "aeron:udp?term-length=64k");
    properties.set("aeron.cluster.log.channel", "aeron:udp?term-length=64k");
    properties.set("aeron.cluster.replication.channel", "aeron:udp?endpoint=" + host + ":0");
    // Clients of earlier cycles that died without a word must not fill the table of sessions.
    properties.set("aeron.cluster.max.sessions", "200");
    return properties;
}

}  // namespace tern::sim
