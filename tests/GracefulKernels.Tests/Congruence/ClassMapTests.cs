namespace GracefulKernels.Tests.Congruence;

public sealed class ClassMapTests
{
    [Fact]
    public void BothDirectionsAreThere()
    {
        var map = new ClassMap([2, -1, 0], 4);
        Assert.Equal((3, 4, 2), (map.OldClasses, map.NewClasses, map.Shared));
        Assert.Equal([2, -1, 0], map.NewOfOld.ToArray());
        Assert.Equal([2, -1, 0, -1], map.OldOfNew.ToArray());
        Assert.False(map.IsIdentity);
        Assert.Equal([2, -100, 0, -100, -100], map.OldLabels([0, 1, 2, 3, -100]));
        Assert.True(ClassMap.Grown(3, 3).IsIdentity);
        Assert.False(new ClassMap([1, 0], 2).IsIdentity);
        Assert.False(ClassMap.Grown(3, 5).IsIdentity);
        Assert.Equal([0, 1, 2, -1, -1], ClassMap.Grown(3, 5).OldOfNew.ToArray());
    }

    [Fact]
    public void WhatIsNoMapIsNamed()
    {
        Assert.Contains("newOfOld[1] is 4", Assert.Throws<ArgumentOutOfRangeException>(() => new ClassMap([0, 4], 4)).Message);
        Assert.Contains("newOfOld[1] is -2", Assert.Throws<ArgumentOutOfRangeException>(() => new ClassMap([0, -2], 4)).Message);
        Assert.Contains("newOfOld[2] and newOfOld[0]", Assert.Throws<ArgumentException>(() => new ClassMap([3, 1, 3], 4)).Message);
        Assert.Throws<ArgumentException>(() => new ClassMap([], 4));
        Assert.Contains("at most newClasses", Assert.Throws<ArgumentOutOfRangeException>(() => ClassMap.Grown(5, 4)).Message);
        Assert.Contains("labels[1] is 4", Assert.Throws<ArgumentOutOfRangeException>(() => ClassMap.Grown(3, 4).OldLabels([0, 4])).Message);
    }
}
