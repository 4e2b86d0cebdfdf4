using System.CommandLine;

namespace GracefulKernels.Cli.Commands;

/// <summary>Checks of values that were given; a default is never checked.</summary>
internal static class OptionChecks
{
    /// <summary>Adds a check, and returns the option.</summary>
    /// <param name="option">The option.</param>
    /// <param name="accepted">Whether a value will do.</param>
    /// <param name="expected">What the message says would.</param>
    public static Option<T> Expect<T>(this Option<T> option, Func<T, bool> accepted, string expected)
    {
        option.Validators.Add(result =>
        {
            if (result.Errors.Any() || result.GetValueOrDefault<T>() is not { } value || accepted(value)) return;
            result.AddError(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{option.Name} is '{value}'; expected {expected}."));
        });
        return option;
    }
}
