#!/usr/bin/perl
# Goal: processes that run for long need no more memory and hold no more files open
# than at first. Method:
#
#     flat.pl PID SLACK
#
# looks at PID and all that descend from it each second, until it is gone. Says of
# each that lived for most of the time how its resident memory went, in KiB, with
# the line of least squares through it, after the first tenth. Fails if that rises
# by more than SLACK KiB, if one holds more than ten files more than at first, or if
# a process of the job was started anew.
use strict;
use warnings;

my ($root, $slack) = @ARGV;
my (%seen, %name); # pid => [[second, KiB, files]...]
my $now = 0;

# The processes there are: pid => parent.
sub parents {
	my %parent;

	for my $file (glob '/proc/[0-9]*/stat') {
		open my $h, '<', $file or next;
		my $line = <$h> // next;
		my ($pid, $name, $parent) = $line =~ /^(\d+) \((.*)\) \S (\d+)/s
			or next;
		$parent{$pid} = $parent;
		$name{$pid} = $name;
	}
	return %parent;
}

sub descends {
	my ($pid, $parent) = @_;

	for (1 .. 50) {
		return 1 if $pid == $root;
		$pid = $parent->{$pid} // return 0;
	}
	return 0;
}

sub look {
	my $pid = shift;
	my @files = glob "/proc/$pid/fd/*";

	open my $h, '<', "/proc/$pid/status" or return;
	while (<$h>) {
		push @{$seen{$pid}}, [$now, $1, scalar @files]
			if /^VmRSS:\s+(\d+)/;
	}
}

# How much the line of least squares rises from the first sample to the last.
sub rise {
	my @s = @_;
	my ($sx, $sy, $sxx, $sxy) = (0, 0, 0, 0);

	for (@s) {
		$sx += $_->[0];
		$sy += $_->[1];
		$sxx += $_->[0]**2;
		$sxy += $_->[0] * $_->[1];
	}
	my $d = @s * $sxx - $sx**2;
	return $d ? (@s * $sxy - $sx * $sy) / $d * ($s[-1][0] - $s[0][0]) : 0;
}

while (kill 0, $root) {
	my %parent = parents();

	descends($_, \%parent) && look($_) for keys %parent;
	$now++;
	sleep 1; # the pace
}

my ($failed, $young) = (0, 0);
for my $pid (sort { $a <=> $b } keys %seen) {
	my @s = grep { $_->[0] >= $now / 10 } @{$seen{$pid}};

	# Those that write a checkpoint are gone at once.
	if (@s < $now / 2) {
		$young = 1 if @s > 20;
		next;
	}
	my ($rise, $files) = (rise(@s), $s[-1][2] - $s[0][2]);
	my ($least, $most) = (sort { $a <=> $b } map { $_->[1] } @s)[0, -1];

	printf "# %s: %d KiB, then %d to %d, at last %d; rise %.0f; %d files\n",
		$name{$pid}, $seen{$pid}[0][1], $least, $most, $s[-1][1], $rise,
		$s[-1][2];
	$failed = 1 if $rise > $slack || $files > 10;
}
print "# a process was started anew\n" if $young;
exit($failed || $young);
