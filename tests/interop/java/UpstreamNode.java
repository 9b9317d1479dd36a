import io.aeron.archive.Archive;
import io.aeron.archive.ArchiveThreadingMode;
import io.aeron.cluster.ClusteredMediaDriver;
import io.aeron.cluster.ConsensusModule;
import io.aeron.cluster.service.ClusteredServiceContainer;
import io.aeron.driver.MediaDriver;
import io.aeron.driver.ThreadingMode;
import org.agrona.concurrent.ShutdownSignalBarrier;

/**
 * Upstream's node: media driver, archive and consensus module in one process, shared threading.
 * Arguments: aeron directory, base directory (archive and cluster below it), members as
 * {@code 0,ingress,consensus,log,catchup,archive|1,...}, which of them this is (default 0), and
 * {@code echo} for a service container with an echo service in the same process.
 * Prints {@code STARTED} when launched.
 */
public final class UpstreamNode
{
    public static void main(final String[] args)
    {
        final int memberId = args.length > 3 ? Integer.parseInt(args[3]) : 0;
        final String[] endpoints = args[2].split("\\|")[memberId].split(",");
        // The barrier is closed last: the JVM waits for it.
        try (ShutdownSignalBarrier barrier = new ShutdownSignalBarrier();
            ClusteredMediaDriver node = ClusteredMediaDriver.launch(
            new MediaDriver.Context()
                .aeronDirectoryName(args[0])
                .threadingMode(ThreadingMode.SHARED)
                .dirDeleteOnStart(true)
                .dirDeleteOnShutdown(true),
            new Archive.Context()
                .aeronDirectoryName(args[0])
                .archiveDirectoryName(args[1] + "/archive")
                .threadingMode(ArchiveThreadingMode.SHARED)
                .controlChannel("aeron:udp?endpoint=" + endpoints[5])
                .replicationChannel("aeron:udp?endpoint=localhost:0"),
            new ConsensusModule.Context()
                .clusterDirectoryName(args[1] + "/cluster")
                .clusterMembers(args[2])
                .clusterMemberId(memberId)
                .ingressChannel("aeron:udp?term-length=64k")
                .replicationChannel("aeron:udp?endpoint=localhost:0")
                .terminationHook(barrier::signal));
            ClusteredServiceContainer container = args.length < 5 ? null : ClusteredServiceContainer.launch(
                new ClusteredServiceContainer.Context()
                    .aeronDirectoryName(args[0])
                    .clusterDirectoryName(args[1] + "/cluster")
                    .clusteredService(new EchoService())))
        {
            System.out.println("STARTED");
            barrier.await();
        }
        System.out.println("CLOSED");
    }
}
