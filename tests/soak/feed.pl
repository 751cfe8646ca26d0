#!/usr/bin/perl
# Goal: two logs that grow for SECONDS and are rotated by renaming. Method:
#
#     feed.pl SECONDS
#
# writes orders.log and payments.log, RATE lines of each a second, and the same
# lines to orders.all and payments.all, which stay. Event time runs twenty times as
# fast as the clock, so that what a stage keeps is replaced often. Lines are up to
# three seconds out of order, some orders come twice, some are never paid. A log is
# rotated every ten seconds; of its old names ten are kept.
use strict;
use warnings;
use Time::HiRes qw(time usleep);

use constant {RATE => 200, FAST => 20, ROTATE => 10, KEPT => 10};

my ($seconds) = @ARGV;
my (%log, %all, %rotations);
my $random = 1;

sub random {
	$random = ($random * 1103515245 + 12345) & 0x7fffffff;
	return int($random / 65536) % shift;
}

sub begin {
	my $name = shift;

	open $log{$name}, '>>', "$name.log" or die "$name.log: $!";
	$log{$name}->autoflush(1);
}

sub rotate {
	my $name = shift;
	my $n = ++$rotations{$name};

	close $log{$name} or die;
	rename "$name.log", "$name.log.$n" or die;
	unlink "$name.log." . ($n - KEPT);
	begin($name);
}

sub put {
	my ($name, $lines) = @_;

	print {$log{$name}} $lines or die;
	print {$all{$name}} $lines or die;
}

# The lines of number n: its order, perhaps an old one again, and a payment.
sub lines {
	my $n = shift;
	my $ms = 1700000000000 + int($n * 1000 * FAST / RATE);
	my $order = sub {
		sprintf "{\"ts\":%.3f,\"id\":\"o%d\",\"user\":\"u%d\",\"amount\":%d.%02d}\n",
			($ms - random(3000)) / 1000, $_[0], random(40),
			$_[0] % 97, $_[0] % 100;
	};
	my $orders = $order->($n);
	my $payments = '';

	$orders .= $order->($n - random(100)) if random(50) == 0 && $n > 100;
	$payments = sprintf "{\"ts\":%.3f,\"id\":\"o%d\",\"method\":\"m%d\"}\n",
		($ms - random(3000)) / 1000, $n - random(200), $n % 5
		if random(20) != 0 && $n > 200;
	return ($orders, $payments);
}

for my $name (qw(orders payments)) {
	begin($name);
	open $all{$name}, '>', "$name.all" or die "$name.all: $!";
}
my $begun = time;
my ($n, $turns) = (0, 0);
while ((my $past = time - $begun) < $seconds) {
	my ($orders, $payments) = ('', '');

	for (; $n < $past * RATE; $n++) {
		my ($o, $p) = lines($n);
		$orders .= $o;
		$payments .= $p;
	}
	put('orders', $orders);
	put('payments', $payments);
	if ($past / ROTATE * 2 > $turns + 1) {
		rotate($turns++ % 2 ? 'orders' : 'payments');
	}
	usleep 50000; # the pace
}
close $_ or die for values %log, values %all;
printf "%d %d\n", $n, $turns;
