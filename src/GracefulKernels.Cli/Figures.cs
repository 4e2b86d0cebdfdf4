using System.Globalization;

namespace GracefulKernels.Cli;

/// <summary>Numbers as the reports show them.</summary>
internal static class Figures
{
    /// <summary>A whole number, with commas between the thousands.</summary>
    public static string Count(long count) => count.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>A part of 1 in percent, two decimals; a dash where there is none.</summary>
    public static string Percent(double part) => double.IsNaN(part) ? "—" : (100 * part).ToString("0.00", CultureInfo.InvariantCulture) + " %";
}
