using System.Reflection;
using System.Runtime.CompilerServices;
using System.Xml.Linq;

namespace GracefulKernels.Tests;

/// <summary>
/// The documentation of public members. That each has one the compiler says (CS1591), and it is found again here; that it leaves out no parameter where it speaks of any is said here, since the
/// compiler (CS1573) would ask it of internal members too, whose docs say what is not plain and no more.
/// </summary>
public sealed class PublicDocsTests
{
    private const BindingFlags Declared = BindingFlags.DeclaredOnly | BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public;

    [Fact]
    public void WhereOneParameterIsDocumentedAllAre()
    {
        Assembly api = typeof(FlipCounts).Assembly;
        Dictionary<string, XElement> docs = XDocument.Load(Path.ChangeExtension(api.Location, "xml")).Descendants("member").ToDictionary(m => m.Attribute("name")!.Value);
        List<string> faults = [];
        int seen = 0;
        foreach (MethodBase method in api.GetExportedTypes().SelectMany(t => t.GetConstructors(Declared).Concat<MethodBase>(t.GetMethods(Declared))))
        {
            // What the compiler writes itself it documents nowhere; neither need what a base class or an interface of others documents.
            if (method.GetParameters().Length == 0 || method.IsDefined(typeof(CompilerGeneratedAttribute)) || IsOverride(method) || IsAccessor(method)) continue;
            if (!docs.TryGetValue(Name(method), out XElement? doc))
            {
                faults.Add($"{Name(method)} has no documentation");
                continue;
            }
            seen++;
            if (doc.Element("inheritdoc") is not null) continue;
            string[] documented = [.. doc.Elements("param").Select(p => p.Attribute("name")!.Value)];
            if (documented.Length == 0) continue;
            string[] missing = [.. method.GetParameters().Select(p => p.Name!).Except(documented)];
            if (missing.Length > 0) faults.Add($"{Name(method)} says nothing of {string.Join(", ", missing)}");
        }
        Assert.True(faults.Count == 0, string.Join('\n', faults));
        Assert.True(seen > 0);
    }

    /// <summary>Of a property, which has the documentation.</summary>
    private static bool IsAccessor(MethodBase method) => method.IsSpecialName && (method.Name.StartsWith("get_", StringComparison.Ordinal) || method.Name.StartsWith("set_", StringComparison.Ordinal));

    private static bool IsOverride(MethodBase method) => method is MethodInfo m && m.GetBaseDefinition() != m;

    /// <summary>The name by which a method stands in the documentation file.</summary>
    private static string Name(MethodBase method)
    {
        string name = $"M:{method.DeclaringType!.FullName!.Replace('+', '.')}.{method.Name.Replace('.', '#')}";
        if (method.IsGenericMethod) name += $"``{method.GetGenericArguments().Length}";
        string types = string.Join(',', method.GetParameters().Select(p => Name(p.ParameterType)));
        return types.Length == 0 ? name : $"{name}({types})";
    }

    private static string Name(Type type)
    {
        if (type.IsByRef) return $"{Name(type.GetElementType()!)}@";
        if (type.IsPointer) return $"{Name(type.GetElementType()!)}*";
        if (type.IsArray) return $"{Name(type.GetElementType()!)}[]";
        if (type.IsGenericMethodParameter) return $"``{type.GenericParameterPosition}";
        if (type.IsGenericTypeParameter) return $"`{type.GenericParameterPosition}";
        if (!type.IsGenericType) return type.FullName!.Replace('+', '.');
        string definition = type.GetGenericTypeDefinition().FullName!.Replace('+', '.');
        return $"{definition[..definition.IndexOf('`', StringComparison.Ordinal)]}{{{string.Join(',', type.GetGenericArguments().Select(Name))}}}";
    }
}
