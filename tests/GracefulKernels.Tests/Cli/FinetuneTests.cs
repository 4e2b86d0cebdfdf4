using System.Text.Json;
using GracefulKernels.Cli.Data;

namespace GracefulKernels.Tests;

/// <summary>The tool from an ONNX file and data files to a model, and what that answers.</summary>
public sealed class FinetuneTests : IDisposable
{
    private const int Train = 40, Test = 30;

    private readonly TemporaryFolder _folder = new();

    public FinetuneTests()
    {
        var b = new NetworkBuilder(8, 8, 1);
        LayerOutput x = b.Relu(b.Convolution("conv1", b.Input, 8, 3, padding: 1));
        x = b.Relu(b.Convolution("conv2", x, 12, 3, stride: 2, padding: 1));
        b.Build(b.Linear("fc", b.GlobalMean(x), 4)).WithRandomWeights(3).SaveOnnx(_folder.File("net.onnx"));
        Write("train", 0, Train);
        Write("test", 900, Test);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void ItFineTunesAndTheModelAnswers()
    {
        (int code, _, string error) = Finetune("--out", _folder.File("model"), "--json", _folder.File("run.json"), "--baseline", "--epochs", "3");
        Assert.Equal((0, ""), (code, error));
        JsonElement run = Json("run.json");
        Assert.Equal("dual", run.GetProperty("solver").GetString());
        Assert.True(run.GetProperty("lambda").GetDouble() > 0);
        foreach (string method in (string[])["linearHead", "lqf", "nonlinear"])
        {
            Assert.InRange(run.GetProperty("accuracy").GetProperty(method).GetProperty("test").GetDouble(), 0, 1);
        }
        // A head on 12 random features against all weights, on the same samples.
        double head = run.GetProperty("accuracy").GetProperty("linearHead").GetProperty("test").GetDouble();
        Assert.True(run.GetProperty("accuracy").GetProperty("lqf").GetProperty("test").GetDouble() >= head);
        Assert.Equal(25, run.GetProperty("lambdaPath").GetArrayLength());
        string[] files = [.. Directory.GetFiles(_folder.File("model")).Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal)];
        Assert.Equal(["lambda.png", "network.onnx", "report.json", "training.json", "update.safetensors"], files);

        (code, string output, error) = Tool.Run(
            "explain", "--model", _folder.File("model"), "--test", _folder.File("test.npy"), "--test-labels", _folder.File("test-labels.npy"), "--samples", "0,2", "--top", "3",
            "--remove", "5,6", "--out", _folder.File("why"), "--json", _folder.File("why.json"), "--device", "cpu");
        Assert.Equal((0, ""), (code, error));
        Assert.Contains("Test sample 2", output, StringComparison.Ordinal);
        JsonElement why = Json("why.json"), first = why.GetProperty("explanations")[0];
        Assert.Equal(3, first.GetProperty("for").GetArrayLength());
        Assert.True(first.GetProperty("for")[0].GetProperty("influence").GetDouble() >= first.GetProperty("for")[1].GetProperty("influence").GetDouble());
        Assert.True(first.GetProperty("against")[0].GetProperty("influence").GetDouble() < 0);
        JsonElement removal = why.GetProperty("removal");
        Assert.True(removal.GetProperty("relativeGradient").GetDouble() < 1e-4 * removal.GetProperty("relativeGradientBefore").GetDouble() + 1e-5);
        Assert.True(File.Exists(_folder.File("why/influence.png")));
        LinearizedModel without = LinearizedModel.LoadFolder(_folder.File("why/removed"));
        Assert.True(without.Update.Norm() > 0);
    }

    [Fact]
    public void APcgRunSaysHowItWent()
    {
        (int code, string output, _) = Finetune(
            "--solver", "pcg", "--lambda", "0.1", "--tolerance", "0.05", "--scope", "1", "--batch-norm", "fold", "--slope", "0", "--out", _folder.File("model"), "--json", "-");
        Assert.Equal(0, code);
        JsonElement run = JsonDocument.Parse(output).RootElement;
        Assert.Equal("pcg", run.GetProperty("solver").GetString());
        Assert.Equal(0.1, run.GetProperty("lambda").GetDouble());
        Assert.True(run.GetProperty("iterations").GetInt32() > 0);
        Assert.Equal("last block", run.GetProperty("scope").GetString());
        Assert.False(run.TryGetProperty("lambdaPath", out _));
        Assert.True(File.Exists(_folder.File("model/convergence.png")));
    }

    [Fact]
    public void RelinearisingReportsItsSteps()
    {
        (int code, string output, _) = Finetune("--relinearize", "2", "--lambda", "0.1", "--tolerance", "0.05", "--views", "2", "--no-mirror", "--cache-gb", "0", "--spill-gb", "0.1");
        Assert.Equal(0, code);
        Assert.Contains("1 in a file", output, StringComparison.Ordinal);
        Assert.Contains("Step 1: loss", output, StringComparison.Ordinal);
        Assert.Contains("LQF, linearised 2 times", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--train needs labels of as many", "--labels", "test-labels.npy")]
    [InlineData("there is no such file", "--network", "gone.onnx")]
    [InlineData("another kind", "--train", "net.onnx")]
    public void ABadFileIsNamed(string reason, string option, string file)
    {
        string[] arguments = [.. Arguments()];
        arguments[Array.IndexOf(arguments, option) + 1] = _folder.File(file);
        (int code, _, string error) = Tool.Run(["finetune", .. arguments]);
        Assert.Equal(1, code);
        Tool.AssertOneLine(error, reason.StartsWith("--train", StringComparison.Ordinal) ? "images and" : reason);
    }

    [Theory]
    [InlineData("--scope", "some")]
    [InlineData("--lambda", "-1")]
    [InlineData("--tolerance", "x")]
    [InlineData("--relinearize", "0")]
    [InlineData("--mean", "a,b")]
    [InlineData("--std", "0")]
    [InlineData("--time-limit", "0")]
    [InlineData("--solver", "newton")]
    public void BadUsageIsNamed(string option, string value)
    {
        (int code, _, string error) = Finetune(option, value);
        Assert.Equal(2, code);
        Tool.AssertOneLine(error, option == "--solver" ? value : option);
    }

    [Fact]
    public void AClassWithoutSamplesIsAnErrorUnlessAllowed()
    {
        (int code, _, string error) = Finetune("--classes", "11", "--lambda", "1", "--scope", "head");
        Assert.Equal(1, code);
        Tool.AssertOneLine(error, "class 10");
        Assert.Equal(0, Finetune("--classes", "11", "--lambda", "1", "--scope", "head", "--allow-empty-classes").Code);
    }

    [Fact]
    public void ASingularProblemWithoutLambdaProposesOne()
    {
        (int code, _, string error) = Finetune("--lambda", "0", "--scope", "head", "--solver", "dual");
        Assert.Equal(1, code);
        Tool.AssertOneLine(error, "λ");
    }

    [Fact]
    public void ExplainWantsAModelAndSomethingToDo()
    {
        (int code, _, string error) = Tool.Run("explain", "--model", _folder);
        Assert.Equal(2, code);
        Tool.AssertOneLine(error, "nothing to do");
        (code, _, error) = Tool.Run("explain", "--model", _folder, "--remove", "1");
        Assert.Equal(1, code);
        Tool.AssertOneLine(error, "training.json");
        Assert.Equal(0, Finetune("--lambda", "1", "--scope", "head", "--out", _folder.File("model")).Code);
        (code, _, error) = Tool.Run("explain", "--model", _folder.File("model"), "--remove", "40", "--device", "cpu");
        Assert.Equal(1, code);
        Tool.AssertOneLine(error, "0 to 39");
        Assert.Equal(0, Finetune("--lambda", "1", "--scope", "head", "--views", "2", "--out", _folder.File("views")).Code);
        (code, _, error) = Tool.Run("explain", "--model", _folder.File("views"), "--remove", "4", "--device", "cpu");
        Assert.Equal(1, code);
        Tool.AssertOneLine(error, "2 views");
    }

    private (int Code, string Output, string Error) Finetune(params string[] more) => Tool.Run(["finetune", .. Arguments(), .. more]);

    private string[] Arguments() =>
    [
        "--network", _folder.File("net.onnx"), "--train", _folder.File("train.npy"), "--labels", _folder.File("train-labels.npy"),
        "--test", _folder.File("test.npy"), "--test-labels", _folder.File("test-labels.npy"), "--device", "cpu",
    ];

    private JsonElement Json(string name) => JsonDocument.Parse(File.ReadAllText(_folder.File(name))).RootElement;

    private void Write(string name, int first, int count)
    {
        Digits all = Digits.All;
        Digits part = all.Take([.. Enumerable.Range(0, 10).SelectMany(y => Enumerable.Range(first, all.Count - first).Where(i => all.Labels[i] == y).Take(count / 10))]);
        NpyFile.Write(_folder.File($"{name}.npy"), part.Images, count, 8, 8);
        NpyFile.Write(_folder.File($"{name}-labels.npy"), part.Labels, count);
    }
}
