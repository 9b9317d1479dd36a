import io.aeron.driver.MediaDriver;
import io.aeron.driver.ThreadingMode;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.HashMap;
import java.util.Map;

/**
 * Upstream's media drivers, any number of them in one process, started and stopped by command: a restart
 * then costs no new JVM. Commands are lines of standard input, each answered by {@code = ok} or
 * {@code = failed WHY}; the process ends with its input. Settings come as {@code -Daeron...}.
 *
 *   start DIR      launches a driver in a directory of its own
 *   stop DIR       closes it
 */
public final class MatrixDrivers
{
    public static void main(final String[] args) throws Exception
    {
        final Map<String, MediaDriver> drivers = new HashMap<>();
        final BufferedReader input = new BufferedReader(new InputStreamReader(System.in));
        for (String line = input.readLine(); null != line; line = input.readLine())
        {
            try
            {
                final String[] words = line.split(" ");
                if ("start".equals(words[0]))
                {
                    drivers.put(words[1], launch(words[1]));
                }
                else
                {
                    drivers.remove(words[1]).close();
                }
                System.out.println("= ok");
            }
            catch (final Exception ex)
            {
                System.out.println("= failed " + ex.toString().replace('\n', ' '));
            }
        }
        System.exit(0);
    }

    private static MediaDriver launch(final String directory)
    {
        return MediaDriver.launch(new MediaDriver.Context()
            .aeronDirectoryName(directory)
            .threadingMode(ThreadingMode.SHARED)
            .dirDeleteOnStart(true));
    }
}
