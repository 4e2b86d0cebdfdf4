using System.CommandLine;

namespace GracefulKernels.Cli;

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
            T value;
            try
            {
                value = result.GetValueOrDefault<T>()!;
            }
            catch (InvalidOperationException)
            {
                // No value of this type at all; the parser's own message says so too, without the option's name.
                result.AddError($"{option.Name} is '{string.Join(' ', result.Tokens.Select(t => t.Value))}'; expected {expected}.");
                return;
            }
            if (result.Errors.Any() || value is null || accepted(value)) return;
            result.AddError(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{option.Name} is '{value}'; expected {expected}."));
        });
        return option;
    }

    /// <summary>Refuses a path of no characters by the option's name, before a file system does without it.</summary>
    public static Option<T> ExpectPath<T>(this Option<T> option) where T : class?
    {
        option.Validators.Add(result =>
        {
            if (result.Tokens.Any(t => t.Value.Length == 0)) result.AddError($"{option.Name} is ''; expected a path.");
        });
        return option;
    }
}
