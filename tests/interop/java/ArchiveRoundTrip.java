// Upstream's archive client against whatever archive serves the channel tern.control.request at the
// driver of aeron.dir: records, queries, replays (live, bounded, stopped), extends, truncates,
// purges and closes; every replay is compared byte by byte by checksum. Prints OK, or how it went
// wrong.

import io.aeron.Aeron;
import io.aeron.ChannelUri;
import io.aeron.Counter;
import io.aeron.ExclusivePublication;
import io.aeron.FragmentAssembler;
import io.aeron.Subscription;
import io.aeron.archive.client.AeronArchive;
import io.aeron.archive.client.ArchiveException;
import io.aeron.archive.codecs.RecordingSignal;
import io.aeron.archive.codecs.SourceLocation;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32;
import org.agrona.concurrent.UnsafeBuffer;

public final class ArchiveRoundTrip
{
    private static final int STREAM = 2001;
    private static final int MESSAGES = 300;
    private static final int MAX_LENGTH = 5_000;
    private static final long PATIENCE_MS = 15_000;

    private final Aeron aeron;
    private final AeronArchive archive;
    private final List<String> signals;
    private long halfPosition;
    private final String replayChannel = System.getProperty("tern.replay.channel", "aeron:ipc");

    private ArchiveRoundTrip(final Aeron aeron, final AeronArchive archive, final List<String> signals)
    {
        this.aeron = aeron;
        this.archive = archive;
        this.signals = signals;
    }

    private interface Condition
    {
        boolean holds();
    }

    private static void await(final Condition condition, final String what)
    {
        final long deadline = System.currentTimeMillis() + PATIENCE_MS;
        while (!condition.holds())
        {
            check(System.currentTimeMillis() <= deadline, "waited for " + what);
            Thread.yield();
        }
    }

    private static void check(final boolean holds, final String what)
    {
        if (!holds)
        {
            throw new IllegalStateException(what);
        }
    }

    private static int length(final int i)
    {
        return 8 + (i * 131) % (MAX_LENGTH - 8);
    }

    /** Message i: its number, then bytes that follow from it. */
    private static void fill(final byte[] bytes, final int i)
    {
        final int length = length(i);
        for (int k = 0; k < length; k++)
        {
            bytes[k] = (byte)(i * 7 + k);
        }
        new UnsafeBuffer(bytes).putInt(0, i);
    }

    private static long checksum(final int count)
    {
        final CRC32 crc = new CRC32();
        final byte[] bytes = new byte[MAX_LENGTH];
        for (int i = 0; i < count; i++)
        {
            fill(bytes, i);
            crc.update(bytes, 0, length(i));
        }
        return crc.getValue();
    }

    private static void offer(final ExclusivePublication publication, final int from, final int count)
    {
        final byte[] bytes = new byte[MAX_LENGTH];
        final UnsafeBuffer buffer = new UnsafeBuffer(bytes);
        for (int i = from; i < from + count; i++)
        {
            fill(bytes, i);
            final int number = i;
            await(() -> publication.offer(buffer, 0, length(number)) > 0, "offer " + i);
        }
    }

    /** Polls until `count` messages have come, and compares their checksum. */
    private void expect(final Subscription subscription, final int count, final String what)
    {
        final CRC32 crc = new CRC32();
        final int[] next = {0};
        final byte[] bytes = new byte[MAX_LENGTH];
        final FragmentAssembler assembler = new FragmentAssembler((buffer, offset, length, header) ->
        {
            check(length == length(next[0]), what + ": length of message " + next[0]);
            buffer.getBytes(offset, bytes, 0, length);
            crc.update(bytes, 0, length);
            next[0]++;
        });
        await(
            () ->
            {
                subscription.poll(assembler, 10);
                return next[0] >= count;
            },
            what + " of " + count);
        check(next[0] == count, what + ": too many messages");
        check(crc.getValue() == checksum(count), what + ": checksum differs");
    }

    private void replay(final long id, final int count)
    {
        try (Subscription subscription = archive.replay(
            id, AeronArchive.NULL_POSITION, AeronArchive.NULL_LENGTH, replayChannel, STREAM + 1))
        {
            expect(subscription, count, "replay");
        }
    }

    private void awaitSignal(final RecordingSignal signal, final long id)
    {
        final String wanted = signal + " " + id;
        await(
            () ->
            {
                archive.pollForRecordingSignals();
                return signals.contains(wanted);
            },
            "signal " + wanted + ", got " + signals);
    }

    private long find(final int sessionId)
    {
        final long[] found = {-1};
        await(
            () ->
            {
                found[0] = archive.findLastMatchingRecording(0, "aeron:ipc", STREAM, sessionId);
                return found[0] >= 0;
            },
            "the recording");
        return found[0];
    }

    private void list(final long id, final int sessionId, final long stop)
    {
        final int[] seen = {0};
        check(archive.listRecordings(0, 1000, (a, b, r, c, d, e, f, g, h, i, j, k, l, m, n, o) -> seen[0]++) >= 1,
            "nothing listed");
        check(seen[0] >= 1, "no descriptor seen");
        final int count = archive.listRecording(
            id,
            (controlSessionId, correlationId, recordingId, startTimestamp, stopTimestamp, startPosition, stopPosition,
                initialTermId, segmentFileLength, termBufferLength, mtuLength, session, streamId, strippedChannel,
                originalChannel, sourceIdentity) ->
            {
                check(recordingId == id && session == sessionId && streamId == STREAM, "descriptor differs");
                check(startPosition == 0 && stopPosition == stop, "positions differ: " + stopPosition);
                check(stopTimestamp >= startTimestamp, "timestamps differ");
            });
        check(count == 1, "recording not listed");
        check(archive.listRecordingsForUri(0, 1000, "aeron:ipc", STREAM,
            (a, b, r, c, d, e, f, g, h, i, j, k, l, m, n, o) -> {}) >= 1, "not listed by its channel");
        check(archive.listRecordingsForUri(0, 1000, "aeron:ipc", STREAM + 77,
            (a, b, r, c, d, e, f, g, h, i, j, k, l, m, n, o) -> {}) == 0, "listed by another stream");
    }

    /** A bounded replay delivers what the counter says, and goes on when it moves. */
    private void bounded(final long id, final long stop)
    {
        final int half = MESSAGES / 2;
        try (Counter counter = aeron.addCounter(10_001, "bound"))
        {
            counter.setOrdered(halfPosition);
            final long session = archive.startBoundedReplay(
                id, 0, Long.MAX_VALUE, counter.id(), replayChannel, STREAM + 3);
            final String channel = ChannelUri.addSessionId(replayChannel, (int)session);
            final int[] seen = {0};
            try (Subscription subscription = aeron.addSubscription(channel, STREAM + 3))
            {
                final FragmentAssembler assembler =
                    new FragmentAssembler((buffer, offset, length, header) -> seen[0]++);
                await(
                    () ->
                    {
                        subscription.poll(assembler, 10);
                        return seen[0] >= half;
                    },
                    "the bounded replay");
                // Anything beyond the bound would be in flight by now.
                check(archive.getStopPosition(id) == stop, "stop position");
                subscription.poll(assembler, 10);
                check(seen[0] == half, "replayed beyond the bound: " + seen[0]);
                counter.setOrdered(stop);
                await(
                    () ->
                    {
                        subscription.poll(assembler, 10);
                        return seen[0] == MESSAGES;
                    },
                    "the rest of the bounded replay");
            }
        }
    }

    private void run()
    {
        final long id;
        final long stop;
        final int initialTermId;
        final int termLength;
        try (ExclusivePublication publication = archive.addRecordedExclusivePublication("aeron:ipc", STREAM))
        {
            await(publication::isConnected, "the recorder");
            id = find(publication.sessionId());
            awaitSignal(RecordingSignal.START, id);
            final long session = archive.startReplay(id, 0, Long.MAX_VALUE, replayChannel, STREAM + 2);
            try (Subscription live = aeron.addSubscription(
                ChannelUri.addSessionId(replayChannel, (int)session), STREAM + 2))
            {
                offer(publication, 0, MESSAGES / 2);
                halfPosition = publication.position();
                offer(publication, MESSAGES / 2, MESSAGES - MESSAGES / 2);
                expect(live, MESSAGES, "live replay");
                archive.stopReplay(session);
                await(() -> live.imageCount() == 0, "the end of the stopped replay");
            }
            check(archive.getStartPosition(id) == 0, "start position");
            check(archive.getStopPosition(id) == AeronArchive.NULL_POSITION, "stop position of a live recording");
            await(() -> archive.getRecordingPosition(id) == publication.position(), "all to be recorded");
            check(archive.getMaxRecordedPosition(id) == publication.position(), "max recorded position");
            archive.stopRecording(publication);
            stop = publication.position();
            initialTermId = publication.initialTermId();
            termLength = publication.termBufferLength();
            await(() -> archive.getStopPosition(id) == stop, "the stop position");
            awaitSignal(RecordingSignal.STOP, id);
            check(archive.getRecordingPosition(id) == AeronArchive.NULL_POSITION, "position of a stopped recording");
            list(id, publication.sessionId(), stop);
        }
        replay(id, MESSAGES);
        bounded(id, stop);
        extend(id, stop, initialTermId, termLength);

        archive.stopAllReplays(id);
        await(() -> archive.truncateRecording(id, stop) >= 0, "truncation");
        check(archive.getStopPosition(id) == stop, "stop position after truncation");
        replay(id, MESSAGES);
        archive.stopAllReplays(id);
        errors();
        purge(id);
    }

    private void extend(final long id, final long stop, final int initialTermId, final int termLength)
    {
        final ChannelUri uri = ChannelUri.parse("aeron:ipc?term-length=" + termLength);
        uri.initialPosition(stop, initialTermId, termLength);
        final long subscriptionId = archive.extendRecording(id, "aeron:ipc", STREAM, SourceLocation.LOCAL);
        try (ExclusivePublication publication = aeron.addExclusivePublication(uri.toString(), STREAM))
        {
            await(publication::isConnected, "the recorder again");
            awaitSignal(RecordingSignal.EXTEND, id);
            offer(publication, MESSAGES, MESSAGES);
            await(() -> archive.getRecordingPosition(id) == publication.position(), "the extension");
        }
        await(() -> archive.getStopPosition(id) > stop, "the new stop position");
        archive.stopRecording(subscriptionId);
        replay(id, 2 * MESSAGES);
    }

    private void errors()
    {
        expectError(ArchiveException.UNKNOWN_RECORDING, () -> archive.getStartPosition(9999));
        expectError(ArchiveException.UNKNOWN_RECORDING, () -> archive.startReplay(9999, 0, 1, replayChannel, STREAM));
        expectError(ArchiveException.UNKNOWN_SUBSCRIPTION, () -> archive.stopRecording("aeron:ipc", STREAM + 55));
        check(archive.findLastMatchingRecording(0, "aeron:ipc", STREAM, 0x7eadbeef) == -1, "found what is not there");
    }

    private static void expectError(final int code, final Runnable request)
    {
        try
        {
            request.run();
        }
        catch (final ArchiveException expected)
        {
            check(expected.errorCode() == code, "error code " + expected.errorCode() + ": " + expected.getMessage());
            return;
        }
        throw new IllegalStateException("no error, expected code " + code);
    }

    private void purge(final long id)
    {
        // A replay that was stopped a moment ago may still be on its way out.
        await(
            () ->
            {
                try
                {
                    return archive.purgeRecording(id) > 0;
                }
                catch (final ArchiveException e)
                {
                    return false;
                }
            },
            "the purge");
        awaitSignal(RecordingSignal.DELETE, id);
        check(archive.listRecording(id, (a, b, r, c, d, e, f, g, h, i, j, k, l, m, n, o) -> {}) == 0,
            "purged, but listed");
    }

    public static void main(final String[] args)
    {
        final List<String> signals = new ArrayList<>();
        try (Aeron aeron = Aeron.connect(new Aeron.Context());
            AeronArchive archive = AeronArchive.connect(new AeronArchive.Context()
                .aeron(aeron)
                .clientName("round-trip")
                .recordingSignalConsumer(
                    (controlSessionId, correlationId, recordingId, subscriptionId, position, signal) ->
                        signals.add(signal + " " + recordingId))
                .controlRequestChannel(System.getProperty("tern.control.request", "aeron:ipc"))
                .controlResponseChannel(System.getProperty("tern.control.response", "aeron:ipc"))))
        {
            new ArchiveRoundTrip(aeron, archive, signals).run();
        }
        System.out.println("OK");
    }
}
