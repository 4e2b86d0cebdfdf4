using System.Reflection;
using ScottPlot;
using SkiaSharp;

namespace GracefulKernels.Cli.Charts;

/// <summary>
/// DejaVu Sans, from this assembly. A bare machine has no fonts at all, and pictures would come out without a word on them; with our own they
/// look the same everywhere.
/// </summary>
internal sealed class EmbeddedFonts : IFontResolver
{
    public const string Family = "DejaVu Sans";

    private static readonly Lazy<bool> Registered = new(Register);

    private static readonly SKTypeface Regular = Load("DejaVuSans.ttf");
    private static readonly SKTypeface Bold = Load("DejaVuSans-Bold.ttf");

    /// <summary>Makes the family known to ScottPlot and its default; once for a process.</summary>
    public static void Use() => _ = Registered.Value;

    public static SKTypeface Typeface(bool bold) => bold ? Bold : Regular;

    public SKTypeface? CreateTypeface(string fontName, FontWeight weight, FontSlant slant, FontSpacing spacing)
        => fontName != Family ? null : weight >= FontWeight.SemiBold ? Bold : Regular;

    public SKTypeface? CreateTypeface(string fontName, bool bold, bool italic)
        => CreateTypeface(fontName, bold ? FontWeight.Bold : FontWeight.Normal, FontSlant.Upright, FontSpacing.Normal);

    private static bool Register()
    {
        ScottPlot.Fonts.FontResolvers.Insert(0, new EmbeddedFonts());
        ScottPlot.Fonts.Default = Family;
        ScottPlot.Fonts.Sans = Family;
        return true;
    }

    private static SKTypeface Load(string resource)
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(resource)!;
        using SKData data = SKData.Create(stream);
        return SKTypeface.FromData(data);
    }
}
