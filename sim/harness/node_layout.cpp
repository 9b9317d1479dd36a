#include "sim/harness/node_layout.hpp"

namespace tern::sim {

NodeSettings NodeLayout::settings() const {
    std::string members = "0," + ingress_endpoint;
    for (const char* port : {":1", ":2", ":3", ":4"}) members += "," + host + port;
    return {
        {"aeron.dir", aeron_directory},
        {"aeron.term.buffer.length", "64k"},
        {"aeron.ipc.term.buffer.length", "64k"},
        {"aeron.counters.buffer.length", "1m"},
        {"aeron.archive.dir", archive_directory()},
        {"aeron.archive.segment.file.length", "128k"},
        {"aeron.archive.control.channel", "aeron:udp?endpoint=" + host + ":0"},
        {"aeron.archive.replication.channel", "aeron:udp?endpoint=" + host + ":0"},
        {"aeron.cluster.dir", cluster_directory()},
        {"aeron.cluster.members", members},
        {"aeron.cluster.ingress.channel", "aeron:udp?term-length=64k"},
        {"aeron.cluster.log.channel", "aeron:udp?term-length=64k"},
        {"aeron.cluster.replication.channel", "aeron:udp?endpoint=" + host + ":0"},
        // Clients of earlier cycles that died without a word must not fill the table of sessions.
        {"aeron.cluster.max.sessions", "200"},
    };
}

Properties NodeLayout::properties() const {
    Properties properties;
    for (const auto& [name, value] : settings()) properties.set(name, value);
    return properties;
}

}  // namespace tern::sim
